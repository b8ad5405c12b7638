import type { NetEnvironment } from '../net/environment.js';
import type { SipStack } from '../net/sip-stack.js';
import { buildRequest } from '../wire/sip/build.js';
import { parseSubscriptionState } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';
import type { RegisteredUe } from './p-cscf-contact.js';
import type { Incoming } from './proxy.js';
import { sendRequest } from './request-client.js';

export interface PCscfSubscriptionSetup {
  readonly environment: NetEnvironment;
  readonly stack: SipStack;
  readonly iCscf: string;
  readonly host: string;
  /** Our SIP URI, also the identity that we assert (TS 24.229 §5.2.3). */
  readonly uri: string;
  /** The network says that the user is gone. */
  terminated(impi: string): void;
  problem(text: string): void;
}

const EXPIRES = 600_000;

/** The P-CSCF's own subscription to the reg event package of each of its users, TS 24.229 §5.2.3. */
export class PCscfSubscriptions {
  readonly #byCallId = new Map<string, string>();

  constructor(private readonly setup: PCscfSubscriptionSetup) {}

  get size(): number {
    return this.#byCallId.size;
  }

  subscribe(ue: RegisteredUe): void {
    const identity = ue.identities[0];
    if (identity === undefined) return;
    const callId = this.setup.environment.random.hex(16);
    this.#byCallId.set(callId, ue.impi);
    sendRequest(this.setup.stack, this.#request(identity, callId), this.setup.iCscf)
      .then((answer) => {
        if (answer !== 'timeout' && answer !== 'transport' && answer.status < 300) return;
        this.#byCallId.delete(callId);
        this.setup.problem(
          `SUBSCRIBE for ${identity} ended with ${typeof answer === 'string' ? answer : answer.status}`,
        );
      })
      .catch((error: unknown) => this.setup.problem(String(error)));
  }

  /** True if the NOTIFY was for us. */
  notified(incoming: Incoming): boolean {
    const { request } = incoming;
    const callId = request.get('Call-ID') ?? '';
    const impi = this.#byCallId.get(callId);
    if (request.method !== 'NOTIFY' || impi === undefined) return false;
    incoming.reply(200);
    if (parseSubscriptionState(request.get('Subscription-State') ?? '')?.state === 'terminated') {
      this.#byCallId.delete(callId);
      this.setup.terminated(impi);
    }
    return true;
  }

  clear(): void {
    this.#byCallId.clear();
  }

  #request(identity: string, callId: string): SipRequest {
    const { uri, host, environment } = this.setup;
    return buildRequest({
      method: 'SUBSCRIBE',
      requestUri: identity,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<${uri}>;tag=${environment.random.hex(8)}`],
        ['To', `<${identity}>`],
        ['Call-ID', callId],
        ['CSeq', '1 SUBSCRIBE'],
        ['Contact', `<${uri}>`],
        ['P-Asserted-Identity', `<${uri}>`],
        ['P-Charging-Vector', `icid-value="${environment.random.hex(16)}";icid-generated-at=${host}`],
        ['Event', 'reg'],
        ['Accept', 'application/reginfo+xml'],
        ['Expires', String(EXPIRES)],
      ],
    });
  }
}
