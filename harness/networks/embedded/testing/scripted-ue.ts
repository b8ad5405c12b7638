import { akaDigestResponse, openChallenge, parseAkaNonce } from '../../../functions/aka.js';
import { hostPort } from '../../../functions/network-function.js';
import { sendRequest } from '../../../functions/request-client.js';
import type { NetEnvironment } from '../../../net/environment.js';
import { createSipStack } from '../../../net/sip-endpoint.js';
import type { ServerTransaction, SipStack } from '../../../net/sip-stack.js';
import { buildRequest, buildResponse } from '../../../wire/sip/build.js';
import { parseAuthentication, parseNameAddr } from '../../../wire/sip/headers.js';
import type { SipRequest, SipResponse } from '../../../wire/sip/message.js';
import type { NodeAddresses } from '../../address-plan.js';
import type { SubscriberPlan } from '../../topology.js';

export interface ScriptedUeSetup {
  readonly environment: NetEnvironment;
  readonly subscriber: SubscriberPlan;
  readonly domain: string;
  readonly pCscf: NodeAddresses;
}

export interface ScriptedCall {
  readonly invite: SipRequest;
  readonly provisional: readonly SipResponse[];
  readonly answer: SipResponse;
}

/** How a call differs from an ordinary one. */
export interface ScriptedCallOptions {
  readonly headers?: readonly (readonly [string, string])[];
  readonly serviceRoute?: readonly string[];
  readonly cancelAfter?: number;
  readonly target?: string;
}

const ICSI = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"';

/** A telephone for self-tests of the networks: it says exactly what the test tells it, and has no behaviour of its own. */
export class ScriptedUe {
  readonly identity: string;
  readonly number: string;
  readonly received: SipRequest[] = [];
  readonly #stack: SipStack;
  readonly #callId: string;
  #serviceRoute: readonly string[] = [];
  #cseq = 0;
  #onInvite: (transaction: ServerTransaction) => void = (transaction) =>
    transaction.respond(buildResponse(transaction.request, 486, { toTag: 'busy' }));

  constructor(private readonly setup: ScriptedUeSetup) {
    const { subscriber, environment } = setup;
    const { addresses, node } = subscriber.ue;
    this.identity = subscriber.impus[0];
    this.number = subscriber.number;
    this.#callId = environment.random.hex(8);
    this.#stack = createSipStack({
      node: node.name,
      sentBy: addresses.address,
      listen: (['udp', 'tcp'] as const).map((transport) => ({
        transport,
        address: addresses.address,
        port: addresses.protectedServer,
      })),
      environment,
      ...(addresses.client === undefined ? {} : { localPorts: addresses.client }),
    });
    this.#stack.onRequest((transaction) => {
      this.received.push(transaction.request);
      if (transaction.request.method === 'INVITE') this.#onInvite(transaction);
      else transaction.respond(buildResponse(transaction.request, 200));
    });
    this.#stack.onAck((ack) => this.received.push(ack));
  }

  get contact(): string {
    const { addresses } = this.setup.subscriber.ue;
    return `<sip:${this.number}@${hostPort({ address: addresses.address, port: addresses.protectedServer })}>`;
  }

  start(): Promise<void> {
    return this.#stack.start();
  }

  stop(): Promise<void> {
    return this.#stack.stop();
  }

  /** Both rounds of FLOW-REG; the last response. */
  async register(
    expires = 600_000,
    wrong: { readonly res?: boolean; readonly securityVerify?: string } = {},
  ): Promise<SipResponse> {
    const { pCscf, subscriber, domain } = this.setup;
    const first = `Digest username="${subscriber.impi}", realm="${domain}", uri="sip:${domain}", nonce="", response=""`;
    const challenge = await this.#answer(
      this.#register(expires, first, []),
      `sip:${hostPort({ address: pCscf.address, port: pCscf.sip })}`,
    );
    if (challenge.status !== 401) return challenge;
    const params = parseAuthentication(challenge.get('WWW-Authenticate') ?? '')?.params;
    const nonce = params?.get('nonce') ?? '';
    const parsed = parseAkaNonce(nonce);
    const keys = { k: Buffer.from(subscriber.k, 'hex'), opc: Buffer.from(subscriber.opc, 'hex') };
    const opened = parsed === null ? null : openChallenge(keys, parsed.rand, parsed.autn);
    if (opened === null) throw new Error('no challenge');
    const response = akaDigestResponse({
      username: subscriber.impi,
      realm: domain,
      password: wrong.res === true ? Buffer.from('12345678') : opened.res,
      method: 'REGISTER',
      uri: `sip:${domain}`,
      nonce,
      qop: 'auth',
      cnonce: 'abcdef',
      nc: '00000001',
    });
    const second = `Digest username="${subscriber.impi}", realm="${domain}", uri="sip:${domain}", nonce="${nonce}", algorithm=AKAv1-MD5, qop=auth, nc=00000001, cnonce="abcdef", response="${response}"`;
    const server = wrong.securityVerify ?? challenge.get('Security-Server') ?? '';
    const final = await this.#answer(
      this.#register(expires, second, [['Security-Verify', server]]),
      `sip:${hostPort({ address: pCscf.address, port: pCscf.protectedServer })}`,
    );
    this.#serviceRoute = final.all('Service-Route');
    return final;
  }

  /** 183-less: rings and answers with SDP. */
  answers(): void {
    this.#onInvite = (transaction) => {
      const headers: [string, string][] = [['Contact', this.contact]];
      const toTag = 'callee';
      transaction.respond(buildResponse(transaction.request, 180, { toTag, headers }));
      transaction.respond(
        buildResponse(transaction.request, 200, {
          toTag,
          headers: [
            ...headers,
            ['Allow', 'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS'],
            ['Supported', '100rel, timer'],
          ],
          body: this.#sdp(),
          contentType: 'application/sdp',
        }),
      );
    };
  }

  /** Gives every call this final response. */
  refuses(status: number): void {
    this.#onInvite = (transaction) =>
      transaction.respond(buildResponse(transaction.request, status, { toTag: 'refusal' }));
  }

  /** Rings until the caller gives up. */
  rings(): void {
    this.#onInvite = (transaction) => {
      const toTag = 'ringing';
      transaction.respond(buildResponse(transaction.request, 180, { toTag, headers: [['Contact', this.contact]] }));
      transaction.onCancel(() => transaction.respond(buildResponse(transaction.request, 487, { toTag })));
    };
  }

  /** Calls until there is a final response; `cancelAfter` gives up at the first response with this status. */
  async call(number: string, options: ScriptedCallOptions = {}): Promise<ScriptedCall> {
    const invite = this.#invite(number, options);
    const provisional: SipResponse[] = [];
    const answer = await new Promise<SipResponse>((resolve, reject) => {
      const client = this.#stack.send(invite, options.target ?? this.#protected, {
        response: (response) => {
          if (response.status >= 200) resolve(response);
          else provisional.push(response);
          if (response.status === options.cancelAfter) client.cancel([['Reason', 'SIP;cause=487']]);
        },
        failed: (cause, detail) => reject(new Error(`${cause}: ${detail}`)),
      });
    });
    if (answer.status < 300) this.#stack.sendAck(this.#inDialog('ACK', invite, answer), this.#protected);
    return { invite, provisional, answer };
  }

  bye(call: ScriptedCall): Promise<SipResponse> {
    return this.#answer(this.#inDialog('BYE', call.invite, call.answer), this.#protected);
  }

  get #protected(): string {
    const { pCscf } = this.setup;
    return `sip:${hostPort({ address: pCscf.address, port: pCscf.protectedServer })}`;
  }

  async #answer(request: SipRequest, target: string): Promise<SipResponse> {
    const answer = await sendRequest(this.#stack, request, target);
    if (typeof answer === 'string') throw new Error(`${request.method}: ${answer}`);
    return answer;
  }

  #register(expires: number, authorization: string, more: readonly (readonly [string, string])[]): SipRequest {
    const { domain, subscriber } = this.setup;
    const { addresses } = subscriber.ue;
    this.#cseq += 1;
    return buildRequest({
      method: 'REGISTER',
      requestUri: `sip:${domain}`,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<${this.identity}>;tag=${this.#callId}`],
        ['To', `<${this.identity}>`],
        ['Call-ID', this.#callId],
        ['CSeq', `${this.#cseq} REGISTER`],
        ['Contact', `${this.contact};expires=${expires};${ICSI}`],
        ['Expires', String(expires)],
        ['Authorization', authorization],
        ['Require', 'sec-agree'],
        ['Proxy-Require', 'sec-agree'],
        ['Supported', 'path'],
        [
          'Security-Client',
          `ipsec-3gpp;alg=hmac-sha-1-96;ealg=null;spi-c=11;spi-s=12;port-c=${addresses.protectedClient};port-s=${addresses.protectedServer}`,
        ],
        ['P-Access-Network-Info', '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=00101D0F1A2B3C4D'],
        ...more,
      ],
    });
  }

  #invite(number: string, options: ScriptedCallOptions): SipRequest {
    this.#cseq += 1;
    return buildRequest({
      method: 'INVITE',
      requestUri: `tel:${number}`,
      headers: [
        ['Max-Forwards', '70'],
        ['Route', `<${this.#protected};lr>`],
        ...(options.serviceRoute ?? this.#serviceRoute).map((route): [string, string] => ['Route', route]),
        ['From', `<${this.identity}>;tag=caller`],
        ['To', `<tel:${number}>`],
        ['Call-ID', this.setup.environment.random.hex(8)],
        ['CSeq', `${this.#cseq} INVITE`],
        ['Contact', `${this.contact};${ICSI}`],
        ['P-Preferred-Identity', `<${this.identity}>`],
        ['P-Preferred-Service', 'urn:urn-7:3gpp-service.ims.icsi.mmtel'],
        ['Accept-Contact', `*;${ICSI}`],
        ['P-Access-Network-Info', '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=00101D0F1A2B3C4D'],
        ['P-Early-Media', 'supported'],
        ['Supported', '100rel, precondition, timer'],
        ['Require', 'sec-agree'],
        ['Proxy-Require', 'sec-agree'],
        ['Security-Verify', 'ipsec-3gpp;alg=hmac-sha-1-96'],
        ['Allow', 'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS'],
        ['Accept', 'application/sdp, application/3gpp-ims+xml'],
        ['Session-Expires', '1800'],
        ...(options.headers ?? []),
      ],
      body: this.#sdp(),
      contentType: 'application/sdp',
    });
  }

  #inDialog(method: string, invite: SipRequest, answer: SipResponse): SipRequest {
    const cseq = method === 'ACK' ? this.#cseq : ++this.#cseq;
    return buildRequest({
      method,
      requestUri: parseNameAddr(answer.get('Contact') ?? '')?.uri ?? '',
      headers: [
        ['Max-Forwards', '70'],
        ...[...answer.all('Record-Route')].reverse().map((route): [string, string] => ['Route', route]),
        ['From', invite.get('From') ?? ''],
        ['To', answer.get('To') ?? ''],
        ['Call-ID', invite.get('Call-ID') ?? ''],
        ['CSeq', `${cseq} ${method}`],
      ],
    });
  }

  #sdp(): string {
    const { address } = this.setup.subscriber.ue.addresses;
    const type = address.includes(':') ? 'IP6' : 'IP4';
    return [
      'v=0',
      `o=- 1 1 IN ${type} ${address}`,
      's=-',
      `c=IN ${type} ${address}`,
      't=0 0',
      'm=audio 40000 RTP/AVP 97 100',
      'b=AS:38',
      'b=RS:0',
      'b=RR:2000',
      'a=rtpmap:97 AMR-WB/16000/1',
      'a=fmtp:97 mode-change-capability=2; max-red=220',
      'a=rtpmap:100 telephone-event/16000',
      'a=fmtp:100 0-15',
      'a=ptime:20',
      'a=maxptime:240',
      'a=sendrecv',
      '',
    ].join('\r\n');
  }
}
