import { buildRequest } from '../wire/sip/build.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';

type Header = readonly [string, string];

/** The ACK for a final response other than 2xx, RFC 3261 §17.1.1.3. */
export function ackForFailure(invite: SipRequest, response: SipResponse): SipRequest {
  return derived('ACK', invite, response.get('To') ?? invite.get('To') ?? '', []);
}

/** The CANCEL for a request, RFC 3261 §9.1; `headers` are added at its end. */
export function cancelFor(request: SipRequest, headers: readonly Header[]): SipRequest {
  return derived('CANCEL', request, request.get('To') ?? '', headers);
}

function derived(method: string, request: SipRequest, to: string, added: readonly Header[]): SipRequest {
  const number = (request.get('CSeq') ?? '').trim().split(/\s/, 1)[0] ?? '';
  const routes = request.fields('Route').map((field): Header => ['Route', field.value]);
  return buildRequest({
    method,
    requestUri: request.requestUri,
    headers: [
      ['Via', request.get('Via') ?? ''],
      ['Max-Forwards', '70'],
      ...routes,
      ['From', request.get('From') ?? ''],
      ['To', to],
      ['Call-ID', request.get('Call-ID') ?? ''],
      ['CSeq', `${number} ${method}`],
      ...added,
    ],
  });
}
