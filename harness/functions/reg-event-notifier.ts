import type { Timer } from '../net/clock.js';
import type { NetEnvironment } from '../net/environment.js';
import type { SipStack } from '../net/sip-stack.js';
import { buildRequest } from '../wire/sip/build.js';
import { parseNameAddr } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';
import { buildReginfo, type ContactEvent, type ReginfoContact, type ReginfoRegistration } from '../wire/xml/reginfo.js';
import { plainHost, sipUriOf } from './own-address.js';
import type { Incoming } from './proxy.js';
import { identityKey } from './public-identity.js';
import type { Binding, Registration } from './registrar.js';
import { sendRequest } from './request-client.js';
import { requestedExpiry } from './requested-expiry.js';

export interface RegEventNotifierSetup {
  readonly environment: NetEnvironment;
  readonly stack: SipStack;
  /** Our Contact. */
  readonly uri: string;
  readonly silent: boolean;
  /** May this subscriber watch this user besides the user itself and the P-CSCF on its path? TS 24.229 §5.4.2.1.1. */
  mayWatch(host: string): boolean;
  problem(text: string): void;
}

type AnyRegistration = Pick<Registration<unknown>, 'impi' | 'identities' | 'bindings'>;

interface Subscription {
  readonly impi: string;
  readonly callId: string;
  readonly localTag: string;
  /** Our side of the dialog, their side of it. */
  readonly from: string;
  readonly to: string;
  readonly target: string;
  readonly routeSet: readonly string[];
  readonly vector: string | null;
  cseq: number;
  version: number;
  expiresAt: number;
  expiry: Timer | null;
  /** NOTIFYs leave one after the other, RFC 6665 §4.2.2. */
  sending: Promise<void>;
}

/** Seconds that a subscription lasts where nothing else is asked, RFC 3680 §4.3. */
const DEFAULT_EXPIRES = 3761;
const MAX_EXPIRES = 600_000;

/** The S-CSCF as notifier of the reg event package: RFC 3680, TS 24.229 §5.4.2. */
export class RegEventNotifier {
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(private readonly setup: RegEventNotifierSetup) {}

  get size(): number {
    return this.#subscriptions.size;
  }

  /** Whether this SUBSCRIBE or other request is inside a dialog of ours. */
  knows(request: SipRequest): boolean {
    return this.#subscriptions.has(dialogKey(request));
  }

  /** A new subscription. TS 24.229 §5.4.2.1.1. */
  accept(incoming: Incoming, registration: AnyRegistration): void {
    const { request } = incoming;
    const { random, clock } = this.setup.environment;
    const contact = request.get('Contact');
    const from = request.get('From');
    const to = request.get('To');
    if (contact === undefined || from === undefined || to === undefined) {
      incoming.reply(400);
      return;
    }
    if (!this.#authorised(request, registration)) {
      incoming.reply(403);
      return;
    }
    const localTag = random.hex(8);
    const expires = grantedExpiry(request);
    const subscription: Subscription = {
      impi: registration.impi,
      callId: request.get('Call-ID') ?? '',
      localTag,
      from: `${to};tag=${localTag}`,
      to: from,
      target: parseNameAddr(contact)?.uri ?? contact,
      routeSet: request.all('Record-Route'),
      vector: request.get('P-Charging-Vector')?.replace(/;(orig|term)-ioi=("[^"]*"|[^;]*)/g, '') ?? null,
      cseq: random.integer(1000) + 1,
      version: 0,
      expiresAt: clock.now() + expires * 1000,
      expiry: null,
      sending: Promise.resolve(),
    };
    this.#subscriptions.set(`${subscription.callId} ${localTag}`, subscription);
    this.#armExpiry(subscription);
    incoming.reply(200, {
      toTag: localTag,
      headers: [
        ['Contact', `<${this.setup.uri}>`],
        ['Expires', String(expires)],
      ],
    });
    this.#notify(subscription, registration, 'registered', expires > 0 ? 'active' : 'timeout');
  }

  /** A refresh, or Expires 0, inside a dialog of ours. RFC 6665 §4.2.1.4. */
  refresh(incoming: Incoming, registration: AnyRegistration | null): void {
    const subscription = this.#subscriptions.get(dialogKey(incoming.request));
    if (subscription === undefined || registration === null) {
      incoming.reply(481);
      return;
    }
    const expires = grantedExpiry(incoming.request);
    subscription.expiresAt = this.setup.environment.clock.now() + expires * 1000;
    this.#armExpiry(subscription);
    incoming.reply(200, {
      headers: [
        ['Contact', `<${this.setup.uri}>`],
        ['Expires', String(expires)],
      ],
    });
    this.#notify(subscription, registration, 'registered', expires > 0 ? 'active' : 'timeout');
  }

  /** Tells every subscriber of the user; after the last contact is gone the subscriptions end too (TS 24.229 §5.4.2.1.2). */
  changed(registration: AnyRegistration, event: ContactEvent): void {
    const gone = registration.bindings.length === 0 || TERMINAL.has(event);
    for (const subscription of [...this.#subscriptions.values()]) {
      if (subscription.impi === registration.impi) {
        this.#notify(subscription, registration, event, gone ? 'noresource' : 'active');
      }
    }
  }

  clear(): void {
    for (const subscription of this.#subscriptions.values()) subscription.expiry?.cancel();
    this.#subscriptions.clear();
  }

  /** The user itself, a proxy on its path, or who the operator trusts. */
  #authorised(request: SipRequest, registration: AnyRegistration): boolean {
    const asserted = request.all('P-Asserted-Identity').map((value) => parseNameAddr(value)?.uri ?? value);
    const identities = new Set(registration.identities.map(identityKey));
    if (asserted.some((identity) => identities.has(identityKey(identity)))) return true;
    const hosts = asserted.flatMap((identity) => sipUriOf(identity)?.host ?? []).map(plainHost);
    const onPath = new Set(
      registration.bindings
        .flatMap((binding) => binding.path.flatMap((value) => sipUriOf(value)?.host ?? []))
        .map(plainHost),
    );
    return hosts.some((host) => onPath.has(host) || this.setup.mayWatch(host));
  }

  #armExpiry(subscription: Subscription): void {
    subscription.expiry?.cancel();
    const { clock } = this.setup.environment;
    subscription.expiry = clock.after(
      Math.max(0, subscription.expiresAt - clock.now()),
      () => this.#subscriptions.delete(`${subscription.callId} ${subscription.localTag}`),
      { background: true },
    );
  }

  #notify(
    subscription: Subscription,
    registration: AnyRegistration,
    event: ContactEvent,
    state: 'active' | 'timeout' | 'noresource',
  ): void {
    if (state !== 'active') {
      subscription.expiry?.cancel();
      this.#subscriptions.delete(`${subscription.callId} ${subscription.localTag}`);
    }
    if (this.setup.silent) return;
    const request = this.#notifyRequest(subscription, registration, event, state);
    subscription.sending = subscription.sending
      .then(() => sendRequest(this.setup.stack, request))
      .then((answer) => {
        if (answer === 'timeout' || answer === 'transport' || answer.status >= 300) {
          subscription.expiry?.cancel();
          this.#subscriptions.delete(`${subscription.callId} ${subscription.localTag}`);
        }
      })
      .catch((error: unknown) => this.setup.problem(String(error)));
  }

  #notifyRequest(
    subscription: Subscription,
    registration: AnyRegistration,
    event: ContactEvent,
    state: 'active' | 'timeout' | 'noresource',
  ): SipRequest {
    const left = Math.max(0, Math.round((subscription.expiresAt - this.setup.environment.clock.now()) / 1000));
    const headers: [string, string][] = [
      ['Max-Forwards', '70'],
      ...subscription.routeSet.map((route): [string, string] => ['Route', route]),
      ['From', subscription.from],
      ['To', subscription.to],
      ['Call-ID', subscription.callId],
      ['CSeq', `${subscription.cseq++} NOTIFY`],
      ['Contact', `<${this.setup.uri}>`],
      ['Event', 'reg'],
      ['Subscription-State', state === 'active' ? `active;expires=${left}` : `terminated;reason=${state}`],
    ];
    if (subscription.vector !== null) headers.push(['P-Charging-Vector', subscription.vector]);
    return buildRequest({
      method: 'NOTIFY',
      requestUri: subscription.target,
      headers,
      body: buildReginfo({
        version: subscription.version++,
        state: 'full',
        registrations: registrationsOf(registration, event, this.setup.environment.clock.now()),
      }),
      contentType: 'application/reginfo+xml',
    });
  }
}

const TERMINAL: ReadonlySet<ContactEvent> = new Set([
  'expired',
  'deactivated',
  'probation',
  'unregistered',
  'rejected',
]);

/** One registration element for every identity of the implicit set, RFC 3680 §5.1 and TS 24.229 §5.4.2.1.2. */
function registrationsOf(
  registration: AnyRegistration,
  event: ContactEvent,
  now: number,
): readonly ReginfoRegistration[] {
  const gone = TERMINAL.has(event) || registration.bindings.length === 0;
  return registration.identities.map((aor, index) => ({
    aor,
    id: `reg-${index + 1}`,
    state: gone ? 'terminated' : 'active',
    contacts: registration.bindings.map((binding, contact) =>
      contactOf(binding, `contact-${index + 1}-${contact + 1}`, event, now),
    ),
  }));
}

function contactOf(binding: Binding, id: string, event: ContactEvent, now: number): ReginfoContact {
  const gone = TERMINAL.has(event);
  return {
    id,
    state: gone ? 'terminated' : 'active',
    event,
    uri: binding.contactUri,
    ...(gone ? {} : { expires: Math.max(0, Math.round((binding.expiresAt - now) / 1000)) }),
    callId: binding.callId,
    cseq: binding.cseq,
  };
}

function grantedExpiry(request: SipRequest): number {
  return Math.min(requestedExpiry(request) ?? DEFAULT_EXPIRES, MAX_EXPIRES);
}

function dialogKey(request: SipRequest): string {
  const tag = parseNameAddr(request.get('To') ?? '')?.params.get('tag') ?? '';
  return `${request.get('Call-ID') ?? ''} ${tag}`;
}
