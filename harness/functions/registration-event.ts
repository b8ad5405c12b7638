import type { Timer } from '../net/clock.js';
import type { ServerTransaction } from '../net/sip-stack.js';
import { buildResponse } from '../wire/sip/build.js';
import { parseDecimal, parseSubscriptionState } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';
import { bodyOfType } from '../wire/sip/multipart.js';
import { sameUri } from '../wire/sip/uri.js';
import { parseReginfo, REGINFO_TYPE, type Reginfo } from '../wire/xml/reginfo.js';
import type { Registration } from './registration.js';
import type { UeAgent } from './ue-agent.js';
import { Dialog, tagOf } from './ue-dialog.js';
import { UeError } from './ue-progress.js';

const WANTED_EXPIRES = 600_000;
const REFRESH_BEFORE = 600;
const SHORT_SUBSCRIPTION = 1200;

/** The UE's subscription to its own registration state, TS 24.229 §5.1.1.3 and RFC 3680. */
export class RegistrationEvent {
  #request: SipRequest | null = null;
  #dialog: Dialog | null = null;
  #active = false;
  #refresh: Timer | null = null;
  #documents: Reginfo[] = [];

  constructor(
    private readonly agent: UeAgent,
    private readonly registration: Registration,
  ) {}

  /** The subscription is neither refused nor terminated. */
  get active(): boolean {
    return this.#active;
  }

  /** The documents of the NOTIFYs so far. */
  get documents(): readonly Reginfo[] {
    return this.#documents;
  }

  /** Subscribes and waits for the first NOTIFY. Rejects where either is missing. */
  async subscribe(): Promise<void> {
    const { agent } = this;
    const identity = agent.defaultIdentity;
    this.#dialog = null;
    this.#documents = [];
    const request = agent.build({
      method: 'SUBSCRIBE',
      requestUri: identity,
      headers: [
        ['Max-Forwards', '70'],
        ...agent.routes,
        ['From', `<${identity}>;tag=${agent.newTag()}`],
        ['To', `<${identity}>`],
        ['Call-ID', agent.newCallId()],
        ['CSeq', '1 SUBSCRIBE'],
        ...this.#headers(agent.setup.expires ?? WANTED_EXPIRES),
      ],
    });
    this.#request = request;
    this.#active = true;
    await this.#exchange(request);
    await agent.progress.until('the first NOTIFY of its registration', () =>
      this.#documents.length > 0 ? true : undefined,
    );
  }

  /** A NOTIFY of this subscription? It may come before the response to the SUBSCRIBE (RFC 6665 §4.1.2.4). */
  claims(request: SipRequest): boolean {
    if (request.method !== 'NOTIFY' || this.#request === null) return false;
    if (this.#dialog !== null) return this.#dialog.claims(request);
    return (
      request.get('Call-ID') === this.#request.get('Call-ID') &&
      tagOf(request.get('To') ?? '') === tagOf(this.#request.get('From') ?? '')
    );
  }

  notified(transaction: ServerTransaction): void {
    const { request } = transaction;
    const { agent } = this;
    this.#dialog ??= dialogOfNotify(request, this.#request);
    if (this.#dialog?.accepts(request) === false) {
      transaction.respond(buildResponse(request, 500));
      return;
    }
    transaction.respond(buildResponse(request, 200, { headers: [agent.accessNetworkInfo] }));
    const state = parseSubscriptionState(request.get('Subscription-State') ?? '');
    const body = bodyOfType(request, REGINFO_TYPE);
    const document = body === null ? null : parseReginfo(body).reginfo;
    if (document !== null) {
      this.#documents.push(document);
      this.#obey(document);
    }
    if (state?.state === 'terminated') this.#end();
    agent.progress.saw(`NOTIFY ${state?.state ?? 'without state'}`);
  }

  stop(): void {
    this.#end();
    this.#request = null;
  }

  #headers(expires: number): readonly (readonly [string, string])[] {
    const { agent } = this;
    return [
      ['Event', 'reg'],
      ['Expires', String(expires)],
      ['Accept', REGINFO_TYPE],
      ['Contact', `<${agent.contactUri}>`],
      ['P-Preferred-Identity', `<${agent.defaultIdentity}>`],
      agent.accessNetworkInfo,
      ...agent.securityHeaders,
    ];
  }

  async #exchange(request: SipRequest): Promise<void> {
    const { agent } = this;
    const response = await agent.exchange(request);
    if (response.status < 200 || response.status > 299) {
      this.#end();
      throw new UeError(
        `${agent.name} awaited 200 to its SUBSCRIBE, seen ${response.status} ${response.reason}`,
        response.status,
      );
    }
    if (this.#dialog === null) this.#dialog = Dialog.ofResponse(request, response);
    else this.#dialog.confirm(response);
    const granted = parseDecimal(response.get('Expires') ?? '') ?? WANTED_EXPIRES;
    const refresh = granted > SHORT_SUBSCRIPTION ? granted - REFRESH_BEFORE : granted / 2;
    this.#refresh?.cancel();
    if (this.#active) {
      const again = () => agent.background(this.#resubscribe());
      this.#refresh = agent.clock.after(refresh * 1000, again, { background: true });
    }
  }

  async #resubscribe(): Promise<void> {
    const dialog = this.#dialog;
    if (dialog === null || !this.#active) return;
    await this.#exchange(
      this.agent.build({
        method: 'SUBSCRIBE',
        requestUri: dialog.remoteTarget,
        headers: [...dialog.headers('SUBSCRIBE'), ...this.#headers(this.agent.setup.expires ?? WANTED_EXPIRES)],
      }),
    );
  }

  /** What the network says of our contact, TS 24.229 §5.1.1.7. */
  #obey(document: Reginfo): void {
    for (const { aor, contacts } of document.registrations) {
      const ours = contacts.find(({ uri }) => sameUri(uri, this.agent.contactUri));
      if (ours === undefined || !sameUri(aor, this.agent.defaultIdentity)) continue;
      if (ours.state === 'terminated' && this.registration.state === 'registered') {
        this.registration.lost();
        if (ours.event === 'deactivated') this.agent.background(this.#startAnew());
      }
      if (ours.event === 'shortened' && ours.expires !== undefined) this.registration.shortened(ours.expires);
    }
  }

  /** TS 24.229 §5.1.1.7: a contact that was deactivated is registered anew. */
  async #startAnew(): Promise<void> {
    await this.registration.register();
    await this.subscribe();
  }

  #end(): void {
    this.#active = false;
    this.#refresh?.cancel();
    this.#refresh = null;
  }
}

/** The dialog that a NOTIFY makes at the subscriber, RFC 6665 §4.4.1. */
function dialogOfNotify(notify: SipRequest, subscribe: SipRequest | null): Dialog {
  const dialog = Dialog.ofRequest(notify, tagOf(subscribe?.get('From') ?? ''));
  dialog.localCSeq = 1;
  dialog.remoteCSeq = null;
  return dialog;
}
