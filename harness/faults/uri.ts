import type { Fault } from './fault.js';
import { type SipFaultRow, sipFault } from './sip-change.js';

const HOST_B = 'ims.mnc002.mcc001.3gppnetwork.org';

/** A fault that changes the Request-URI of the INVITE. */
function requestUriFault(row: SipFaultRow, uri: string): Fault {
  return sipFault(row, (edit) => edit.requestUri(uri));
}

/** Faults of addressing. */
export const URI_FAULTS: readonly Fault[] = [
  requestUriFault(
    {
      name: 'tel-request-uri',
      title: "Home A's border does not translate the called number to a SIP URI",
      catches: 'URI-04',
    },
    'tel:+46701740605',
  ),
  requestUriFault(
    { name: 'national-number', title: 'The called number leaves in its national form', catches: 'URI-05' },
    `sip:0701740605@${HOST_B};user=phone`,
  ),
  requestUriFault(
    { name: 'number-without-user-phone', title: 'user=phone is lost on the way', catches: 'URI-06' },
    `sip:+46701740605@${HOST_B}`,
  ),
  requestUriFault(
    { name: 'number-of-sixteen-digits', title: 'A prefix stays behind the + of the called number', catches: 'URI-08' },
    `sip:+0046701740605123@${HOST_B};user=phone`,
  ),
  requestUriFault(
    { name: 'npdi-behind-the-host', title: 'npdi is appended to the URI instead of the number', catches: 'URI-09' },
    `sip:+46701740605@${HOST_B};user=phone;npdi`,
  ),
  requestUriFault(
    { name: 'context-of-global-number', title: 'The number was made global and keeps its context', catches: 'URI-10' },
    `sip:+46701740605;phone-context=+46@${HOST_B};user=phone`,
  ),
  requestUriFault(
    { name: 'mnc-of-two-digits', title: 'The MNC in the home domain is not padded', catches: 'URI-11' },
    'sip:+46701740605@ims.mnc02.mcc001.3gppnetwork.org;user=phone',
  ),
  requestUriFault(
    { name: 'host-with-underscore', title: 'An internal host name is used as a domain', catches: 'URI-12' },
    'sip:+46701740605@entry_border.home-b.example;user=phone',
  ),
  requestUriFault(
    { name: 'cpc-in-request-uri', title: "The caller's category stands in the called number", catches: 'URI-17' },
    `sip:+46701740605;cpc=ordinary@${HOST_B};user=phone`,
  ),
  requestUriFault(
    {
      name: 'premium-rate-at-non-roaming-border',
      title: 'A marking for charging leaves the network',
      catches: 'URI-18',
    },
    `sip:+46701740605;premium-rate=information@${HOST_B};user=phone`,
  ),
  requestUriFault(
    {
      name: 'parameters-out-of-order',
      title: 'Number portability parameters stand in the wrong order',
      catches: 'URI-20',
    },
    `sip:+46701740605;rn=+46701;npdi@${HOST_B};user=phone`,
  ),
];
