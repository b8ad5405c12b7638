import type { SipStack, Target } from '../net/sip-stack.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';

/** Sends a request other than INVITE of a function's own; the final response, or why there is none. */
export function sendRequest(
  stack: SipStack,
  request: SipRequest,
  target?: Target,
): Promise<SipResponse | 'timeout' | 'transport'> {
  return new Promise((resolve) => {
    stack.send(request, target ?? request.get('Route')?.replace(/^<([^>]*)>.*$/, '$1') ?? request.requestUri, {
      response: (response) => {
        if (response.status >= 200) resolve(response);
      },
      failed: (cause) => resolve(cause),
    });
  });
}
