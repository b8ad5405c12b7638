import type { SipStack } from '../net/sip-stack.js';
import { buildRequest } from '../wire/sip/build.js';
import { parseCSeq, parseNameAddr } from '../wire/sip/headers.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { formatChargingVector } from './charging-vector.js';
import { sipUriOf } from './own-address.js';
import type { Sender } from './p-cscf-session.js';
import { sendRequest } from './request-client.js';

/** One end of the dialog, as a request to it needs it. */
interface End {
  address: string;
  target: string;
  routeSet: readonly string[];
  cseq: number;
}

/** What a proxy in the middle of a call needs to end it on behalf of both ends, TS 24.229 §5.2.8.1.2: it watches the dialog go by. */
export class CallRelease {
  readonly #ends: Readonly<Record<Sender, End>> = {
    ue: { address: '', target: '', routeSet: [], cseq: 0 },
    peer: { address: '', target: '', routeSet: [], cseq: 0 },
  };
  #callId = '';
  #confirmed = false;

  constructor(
    /** Our own Record-Route URI: what is above and below it are the two route sets. */
    private readonly own: string,
  ) {}

  /** A request of `sender`. */
  seen(request: SipRequest, sender: Sender): void {
    const end = this.#ends[sender];
    end.cseq = Math.max(end.cseq, parseCSeq(request.get('CSeq') ?? '')?.number ?? 0);
    if (request.method !== 'INVITE' || this.#callId !== '') return;
    this.#callId = request.get('Call-ID') ?? '';
    end.address = request.get('From') ?? '';
    end.target = targetOf(request.get('Contact'));
    end.routeSet = request.all('Record-Route');
  }

  /** A response to a request of `sender`. */
  answered(request: SipRequest, response: SipResponse, sender: Sender): void {
    if (request.method !== 'INVITE' || response.status < 200 || response.status > 299 || this.#confirmed) return;
    this.#confirmed = true;
    const end = this.#ends[sender === 'ue' ? 'peer' : 'ue'];
    end.address = response.get('To') ?? '';
    end.target = targetOf(response.get('Contact'));
    const routes = response.all('Record-Route');
    const token = sipUriOf(`<${this.own}>`)?.user;
    const first = routes.findIndex((route) => sipUriOf(route)?.user === token);
    end.routeSet = routes.slice(0, Math.max(first, 0)).reverse();
  }

  /** BYE to both ends. A call that is not answered yet is left to its own timers. */
  async run(
    stacks: Readonly<Record<Sender, SipStack>>,
    vector: Readonly<Record<string, string>> | null,
  ): Promise<void> {
    if (!this.#confirmed) return;
    await Promise.all((['ue', 'peer'] as const).map((to) => sendRequest(stacks[to], this.#bye(to, vector))));
  }

  #bye(to: Sender, vector: Readonly<Record<string, string>> | null): SipRequest {
    const end = this.#ends[to];
    const other = this.#ends[to === 'ue' ? 'peer' : 'ue'];
    const charging = to === 'peer' && vector !== null ? formatChargingVector(new Map(Object.entries(vector))) : null;
    return buildRequest({
      method: 'BYE',
      requestUri: end.target,
      headers: [
        ['Max-Forwards', '70'],
        ...end.routeSet.map((route): [string, string] => ['Route', route]),
        ['From', other.address],
        ['To', end.address],
        ['Call-ID', this.#callId],
        ['CSeq', `${other.cseq + 1} BYE`],
        ['Reason', 'SIP;cause=503;text="Service Unavailable"'],
        ...(charging === null ? [] : [['P-Charging-Vector', charging] as [string, string]]),
      ],
    });
  }
}

function targetOf(contact: string | undefined): string {
  return contact === undefined ? '' : (parseNameAddr(contact)?.uri ?? contact);
}
