import type { Evidence, Party, RecordedMessage, RecordedSip } from '../evidence/model.js';
import type { NetworkNode, OperatorProfile, Profile } from '../profile/profile.js';
import { Border } from './border.js';
import { correlate, type SipCorrelation, type SipDialog, type SipTransaction } from './correlation.js';
import { type Leg, legOfInitial } from './leg.js';
import { type OfferAnswer, offersAndAnswers } from './offer-answer.js';
import { SipView } from './sip-view.js';

/** What a rule sees: the evidence, the profile, and correlations computed on demand, once for all rules. */
export class RuleContext {
  readonly evidence: Evidence;
  readonly profile: Profile;
  readonly border: Border;

  #correlation: SipCorrelation | undefined;
  #ici: readonly SipView[] | undefined;
  #offers: readonly OfferAnswer[] | undefined;
  readonly #viewOf = new Map<RecordedMessage, SipView>();
  readonly #legs = new Map<SipView, Leg>();
  readonly #operators: ReadonlyMap<string, OperatorProfile>;
  readonly #memo = new Map<string, unknown>();

  constructor(evidence: Evidence, profile: Profile) {
    this.evidence = evidence;
    this.profile = profile;
    this.border = new Border(this);
    this.#operators = new Map(profile.operators.map((operator) => [operator.name, operator]));
  }

  /** Every SIP message, correlated hop by hop. */
  get sip(): SipCorrelation {
    if (this.#correlation === undefined) {
      const views: SipView[] = [];
      for (const message of this.evidence.messages) {
        if (message.protocol !== 'sip') continue;
        const view = new SipView(message);
        this.#viewOf.set(message, view);
        views.push(view);
      }
      this.#correlation = correlate(views);
    }
    return this.#correlation;
  }

  /** SIP messages between the borders of two networks, retransmissions folded. */
  get ici(): readonly SipView[] {
    this.#ici ??= this.sip.views.filter((view) => view.referencePoint === 'Ici');
    return this.#ici;
  }

  /** Transactions seen at the Ici. */
  get iciTransactions(): readonly SipTransaction[] {
    return this.memo('iciTransactions', () =>
      this.sip.transactions.filter((transaction) => {
        const any = transaction.request ?? transaction.responses[0];
        return any?.referencePoint === 'Ici';
      }),
    );
  }

  /** Dialogs seen at the Ici. */
  get iciDialogs(): readonly SipDialog[] {
    return this.memo('iciDialogs', () =>
      this.sip.dialogs.filter((dialog) => dialog.messages[0]?.referencePoint === 'Ici'),
    );
  }

  viewOf(message: RecordedSip): SipView | undefined {
    void this.sip;
    return this.#viewOf.get(message);
  }

  /** Session descriptions paired into offers and answers, hop by hop (RFC 6337 §2.2). */
  get offersAndAnswers(): readonly OfferAnswer[] {
    this.#offers ??= offersAndAnswers(this.sip);
    return this.#offers;
  }

  /** The leg of the II-NNI that a message at the Ici travels; messages of a dialog share the leg of its first request. */
  leg(view: SipView): Leg {
    let leg = this.#legs.get(view);
    if (leg === undefined) {
      const first = view.dialog?.creator?.request ?? view.transaction?.request ?? view;
      leg = first === view ? legOfInitial(view, this) : this.leg(first);
      this.#legs.set(view, leg);
    }
    return leg;
  }

  operator(network: string): OperatorProfile | undefined {
    return this.#operators.get(network);
  }

  /** The operator at one end of a message, where the node is known. */
  operatorOf(party: Party): OperatorProfile | undefined {
    return party.node === undefined ? undefined : this.#operators.get(party.node.network);
  }

  nodesOf(network: string): readonly NetworkNode[] {
    return this.memo(`nodes ${network}`, () => {
      const known = new Map<string, NetworkNode>();
      for (const node of [...this.profile.nodes, ...this.evidence.nodes])
        if (node.network === network) known.set(node.name, node);
      return [...known.values()];
    });
  }

  /**
   * Whether the networks trust each other for a header field (TS 29.165 §6.1.1.3.1: trust may be agreed per header).
   * The list `x-trust-headers` names the exceptions to `agreement.trust`.
   */
  trusts(header: string): boolean {
    const exceptions = this.profile.agreement.options['x-trust-headers'];
    const excepted =
      Array.isArray(exceptions) && exceptions.some((name) => String(name).toLowerCase() === header.toLowerCase());
    return excepted ? !this.profile.agreement.trust : this.profile.agreement.trust;
  }

  /** Computes a value once per judgement. */
  memo<T>(key: string, compute: () => T): T {
    if (!this.#memo.has(key)) this.#memo.set(key, compute());
    return this.#memo.get(key) as T;
  }
}
