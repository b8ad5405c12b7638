import type { NetEnvironment } from '../../net/environment.js';
import { createSipStack } from '../../net/sip-endpoint.js';
import type { Hop, ServerTransaction, SipStack } from '../../net/sip-stack.js';
import { buildRequest, buildResponse } from '../../wire/sip/build.js';
import { editSip } from '../../wire/sip/edit.js';
import { parseAuthentication, parseNameAddr } from '../../wire/sip/headers.js';
import type { SipRequest } from '../../wire/sip/message.js';
import { parseUri } from '../../wire/sip/uri.js';
import { buildReginfo } from '../../wire/xml/reginfo.js';
import { akaNonce, authenticationVector, checkAkaDigest, parseAkaNonce, verifyAuts } from '../aka.js';
import { SqnGenerator } from '../aka-sequence.js';
import type { UeBehaviour, UeSetup } from '../ue-setup.js';

export const DOMAIN = 'ims.mnc001.mcc001.3gppnetwork.org';
const SECURITY_SERVER = 'ipsec-3gpp;q=0.5;alg=hmac-sha-1-96;spi-c=3001;spi-s=3002;port-c=5062;port-s=5063';
const KEYS = { k: '465b5ce8b199b49faa5f0a2ee238a6bc', opc: 'cd63cb71954a9f4e48a5994e37a02baf' };

/** A P-CSCF, registrar and proxy in one: as little of a network as a UE needs. */
export class TinyNetwork {
  readonly stack: SipStack;
  readonly sqn = new SqnGenerator(32 * 100);
  readonly contacts = new Map<string, string>();
  readonly registers: SipRequest[] = [];
  granted = 600_000;
  minimum = 0;
  challenges = 0;
  #nonce: { readonly nonce: string; readonly xres: Uint8Array } | null = null;
  #subscription: { readonly request: SipRequest; version: number } | null = null;

  constructor(readonly environment: NetEnvironment) {
    this.stack = createSipStack({
      node: 'p-cscf',
      sentBy: '127.7.1.1',
      listen: [5060, 5063].flatMap((port) =>
        (['udp', 'tcp'] as const).map((transport) => ({ transport, address: '127.7.1.1', port })),
      ),
      environment,
    });
    this.stack.onRequest((transaction) => {
      const { method } = transaction.request;
      if (method === 'REGISTER') this.#register(transaction);
      else if (method === 'SUBSCRIBE') this.#subscribe(transaction);
      else this.#forward(transaction);
    });
    this.stack.onAck((ack) => this.stack.sendAck(withoutRoutes(ack), hopOf(withoutRoutes(ack))));
  }

  #register(transaction: ServerTransaction): void {
    const { request, arrivedAt } = transaction;
    this.registers.push(request);
    const authorization = parseAuthentication(request.get('Authorization') ?? '');
    const expires = Number(request.get('Expires'));
    const auts = authorization?.params.get('auts');
    if (this.minimum > expires && expires > 0) {
      transaction.respond(
        buildResponse(request, 423, { toTag: 'r', headers: [['Min-Expires', String(this.minimum)]] }),
      );
      return;
    }
    const nonce = this.#nonce;
    if (typeof auts === 'string' && nonce !== null) {
      const rand = parseAkaNonce(nonce.nonce)?.rand ?? new Uint8Array(16);
      const sqnMs = verifyAuts(keys(), rand, Buffer.from(auts, 'base64'));
      if (sqnMs !== null) this.sqn.resynchronise(sqnMs);
    } else if (nonce !== null && authorization?.params.get('nonce') === nonce.nonce) {
      const right = checkAkaDigest(
        {
          username: authorization.params.get('username') ?? '',
          realm: DOMAIN,
          password: nonce.xres,
          method: 'REGISTER',
          uri: authorization.params.get('uri') ?? '',
          nonce: nonce.nonce,
          qop: 'auth',
          cnonce: authorization.params.get('cnonce') ?? '',
          nc: authorization.params.get('nc') ?? '',
        },
        authorization.params.get('response') ?? '',
      );
      const guarded = arrivedAt.port === 5063 && request.get('Security-Verify') === SECURITY_SERVER;
      if (right && guarded) this.#accept(transaction, expires);
      else transaction.respond(buildResponse(request, 403, { toTag: 'r' }));
      return;
    }
    this.challenges += 1;
    const rand = this.environment.random.bytes(16);
    const vector = authenticationVector(keys(), { rand, sqn: this.sqn.next(), amf: Buffer.from('8000', 'hex') });
    this.#nonce = { nonce: akaNonce(vector), xres: vector.xres };
    const challenge = `Digest realm="${DOMAIN}", nonce="${this.#nonce.nonce}", algorithm=AKAv1-MD5, qop="auth"`;
    transaction.respond(
      buildResponse(request, 401, {
        toTag: 'r',
        headers: [
          ['WWW-Authenticate', challenge],
          ['Security-Server', SECURITY_SERVER],
        ],
      }),
    );
  }

  #accept(transaction: ServerTransaction, expires: number): void {
    const { request } = transaction;
    const granted = Math.min(expires, this.granted);
    const contact = parseNameAddr(request.get('Contact') ?? '')?.uri ?? '';
    const user = parseNameAddr(request.get('To') ?? '')?.uri ?? '';
    if (granted > 0) this.contacts.set(user, contact);
    else this.contacts.delete(user);
    const number = /\+\d+/.exec(user)?.[0] ?? '';
    transaction.respond(
      buildResponse(request, 200, {
        toTag: 'r',
        headers: [
          ['Contact', `<${contact}>;expires=${granted}`],
          ['Service-Route', '<sip:orig@127.7.1.1:5063;lr>'],
          ['P-Associated-URI', `<${user}>, <tel:${number}>`],
        ],
      }),
    );
    if (granted === 0) this.notify('terminated');
  }

  #subscribe(transaction: ServerTransaction): void {
    const { request } = transaction;
    this.#subscription = { request, version: 0 };
    transaction.respond(
      buildResponse(request, 200, {
        toTag: 'n',
        headers: [
          ['Expires', '600000'],
          ['Contact', '<sip:127.7.1.1:5063>'],
        ],
      }),
    );
    this.notify('active');
  }

  /** Sends the registration state of everybody to the subscriber. */
  notify(
    state: 'active' | 'terminated',
    event: 'registered' | 'unregistered' | 'shortened' | 'deactivated' | 'rejected' = 'registered',
    expires = 600,
  ): void {
    const subscription = this.#subscription;
    if (subscription === null) return;
    const { request } = subscription;
    const uri = parseNameAddr(request.get('Contact') ?? '')?.uri ?? '';
    const contact = {
      id: 'c',
      uri,
      state,
      event: state === 'terminated' && event === 'registered' ? ('unregistered' as const) : event,
      expires,
    };
    const registration = { aor: request.requestUri, id: 'r', state, contacts: [contact] };
    const notify = buildRequest({
      method: 'NOTIFY',
      requestUri: uri,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `${request.get('To')};tag=n`],
        ['To', request.get('From') ?? ''],
        ['Call-ID', request.get('Call-ID') ?? ''],
        ['CSeq', `${subscription.version + 1} NOTIFY`],
        ['Event', 'reg'],
        ['Subscription-State', state === 'active' ? 'active;expires=600000' : 'terminated;reason=deactivated'],
        ['Contact', '<sip:127.7.1.1:5063>'],
      ],
      body: buildReginfo({ version: subscription.version, state: 'full', registrations: [registration] }),
      contentType: 'application/reginfo+xml',
    });
    subscription.version += 1;
    this.stack.send(notify, hopOf(notify), { response: () => undefined, failed: () => undefined });
  }

  /** Proxies: to the contact of a registered number, or along the Route. */
  #forward(transaction: ServerTransaction): void {
    let request = withoutRoutes(transaction.request);
    if (request.method === 'INVITE' && !(request.get('To') ?? '').includes('tag=')) {
      const number = /\+\d+/.exec(request.requestUri)?.[0] ?? '';
      const contact = [...this.contacts].find(([identity]) => identity.includes(number))?.[1];
      if (contact === undefined) {
        transaction.respond(buildResponse(request, 404, { toTag: 'p' }));
        return;
      }
      request = editSip(request).requestUri(contact).prepend('Record-Route', '<sip:127.7.1.1:5063;lr>').done();
    }
    const client = this.stack.send(request, hopOf(request), {
      response: (response) => {
        if (response.status > 100) transaction.respond(response);
      },
      failed: () => transaction.respond(buildResponse(request, 408, { toTag: 'p' })),
    });
    transaction.onCancel(() => client.cancel());
  }
}

function keys() {
  return { k: Buffer.from(KEYS.k, 'hex'), opc: Buffer.from(KEYS.opc, 'hex') };
}

/** The request without the Route entries of this proxy, and without what only the first hop reads. */
function withoutRoutes(request: SipRequest): SipRequest {
  return editSip(request)
    .remove('Route')
    .remove('Security-Verify')
    .mapValues('Require', notSecAgree)
    .mapValues('Proxy-Require', notSecAgree)
    .done();
}

const notSecAgree = (tag: string) => (tag === 'sec-agree' ? null : tag);

function hopOf(request: SipRequest): Hop {
  const uri = parseUri(request.requestUri);
  if (uri?.scheme !== 'sip') throw new Error(`no SIP URI: ${request.requestUri}`);
  return { transport: 'udp', address: uri.host, port: uri.port ?? 5060 };
}

/** The UE of one number in front of the tiny network. */
export function setupOf(
  environment: NetEnvironment,
  index: number,
  behaviours: readonly UeBehaviour[] = [],
  more: Partial<UeSetup> = {},
): UeSetup {
  const number = `+44770090010${index}`;
  const address = `127.7.1.${10 + index}`;
  return {
    node: { name: `ue-${index}`, network: 'home', role: 'ue', endpoints: [{ address }], hosts: [] },
    environment,
    behaviours,
    subscriber: {
      impi: `00101000000000${index}@${DOMAIN}`,
      impus: [`sip:${number}@${DOMAIN};user=phone`, `tel:${number}`],
      number,
      ...KEYS,
    },
    domain: DOMAIN,
    gm: { address, sip: 5060, protectedClient: 5062, protectedServer: 5063, media: [20_000, 20_099] },
    pCscf: { address: '127.7.1.1', port: 5060 },
    speaker: index === 1 ? 'first' : 'second',
    ...more,
  };
}
