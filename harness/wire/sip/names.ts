/** What is known of a header field: how it is written, how often it may appear, and where that is laid down. */
export interface HeaderName {
  /** The long form in its registered case. */
  readonly name: string;
  readonly compact: string | null;
  /** `list`: values separated by commas, any number of lines; `single`: one value, at most one line; `repeated`: one value a line, several lines. */
  readonly shape: 'list' | 'single' | 'repeated';
  readonly clause: string;
}

type Row = readonly [name: string, shape: HeaderName['shape'], clause: string, compact?: string];

const rows: readonly Row[] = [
  ['Accept', 'list', 'RFC 3261 §20.1'],
  ['Accept-Contact', 'list', 'RFC 3841 §9.2', 'a'],
  ['Accept-Encoding', 'list', 'RFC 3261 §20.2'],
  ['Accept-Language', 'list', 'RFC 3261 §20.3'],
  ['Accept-Resource-Priority', 'list', 'RFC 4412 §3.2'],
  ['Additional-Identity', 'single', 'TS 24.229 §7.2.20'],
  ['Alert-Info', 'list', 'RFC 3261 §20.4'],
  ['Allow', 'list', 'RFC 3261 §20.5'],
  ['Allow-Events', 'list', 'RFC 6665 §8.2.2', 'u'],
  ['Answer-Mode', 'single', 'RFC 5373 §3'],
  ['Attestation-Info', 'single', 'TS 24.229 §7.2.18'],
  ['Authentication-Info', 'single', 'RFC 3261 §20.6'],
  ['Authorization', 'repeated', 'RFC 3261 §20.7'],
  ['Call-ID', 'single', 'RFC 3261 §20.8', 'i'],
  ['Call-Info', 'list', 'RFC 3261 §20.9'],
  ['Cellular-Network-Info', 'single', 'TS 24.229 §7.2.15'],
  ['Contact', 'list', 'RFC 3261 §20.10', 'm'],
  ['Content-Disposition', 'single', 'RFC 3261 §20.11'],
  ['Content-Encoding', 'list', 'RFC 3261 §20.12', 'e'],
  ['Content-ID', 'single', 'RFC 8262 §3'],
  ['Content-Language', 'list', 'RFC 3261 §20.13'],
  ['Content-Length', 'single', 'RFC 3261 §20.14', 'l'],
  ['Content-Type', 'single', 'RFC 3261 §20.15', 'c'],
  ['CSeq', 'single', 'RFC 3261 §20.16'],
  ['Date', 'single', 'RFC 3261 §20.17'],
  ['Error-Info', 'list', 'RFC 3261 §20.18'],
  ['Event', 'single', 'RFC 6665 §8.2.1', 'o'],
  ['Expires', 'single', 'RFC 3261 §20.19'],
  ['Feature-Caps', 'list', 'RFC 6809 §6.2'],
  ['Flow-Timer', 'single', 'RFC 5626 §10'],
  ['From', 'single', 'RFC 3261 §20.20', 'f'],
  ['Geolocation', 'list', 'RFC 6442 §4.1'],
  ['Geolocation-Error', 'single', 'RFC 6442 §4.3'],
  ['Geolocation-Routing', 'single', 'RFC 6442 §4.2'],
  ['History-Info', 'list', 'RFC 7044 §5.1'],
  ['Identity', 'repeated', 'RFC 8224 §4', 'y'],
  ['Identity-Info', 'single', 'RFC 4474 §9', 'n'],
  ['In-Reply-To', 'list', 'RFC 3261 §20.21'],
  ['Info-Package', 'single', 'RFC 6086 §7.2'],
  ['Join', 'single', 'RFC 3911 §7.1'],
  ['Max-Breadth', 'single', 'RFC 5393 §5.3.3'],
  ['Max-Forwards', 'single', 'RFC 3261 §20.22'],
  ['MIME-Version', 'single', 'RFC 3261 §20.24'],
  ['Min-Expires', 'single', 'RFC 3261 §20.23'],
  ['Min-SE', 'single', 'RFC 4028 §5'],
  ['Organization', 'single', 'RFC 3261 §20.25'],
  ['Origination-Id', 'single', 'TS 24.229 §7.2.19'],
  ['P-Access-Network-Info', 'list', 'RFC 7315 §5.4'],
  ['P-Answer-State', 'single', 'RFC 4964 §6'],
  ['P-Asserted-Identity', 'list', 'RFC 3325 §9.1'],
  ['P-Asserted-Service', 'list', 'RFC 6050 §4.1'],
  ['P-Associated-URI', 'list', 'RFC 7315 §5.1'],
  ['P-Called-Party-ID', 'single', 'RFC 7315 §5.2'],
  ['P-Charge-Info', 'single', 'RFC 8496 §7'],
  ['P-Charging-Function-Addresses', 'single', 'RFC 7315 §5.5'],
  ['P-Charging-Vector', 'single', 'RFC 7315 §5.6'],
  ['P-DCS-Billing-Info', 'single', 'RFC 5503 §7.1'],
  ['P-DCS-LAES', 'single', 'RFC 5503 §8'],
  ['P-DCS-OSPS', 'single', 'RFC 5503 §6'],
  ['P-DCS-Redirect', 'single', 'RFC 5503 §9'],
  ['P-DCS-Trace-Party-ID', 'single', 'RFC 5503 §5'],
  ['P-Early-Media', 'list', 'RFC 5009 §8'],
  ['P-Media-Authorization', 'list', 'RFC 3313 §5.1'],
  ['P-Preferred-Identity', 'list', 'RFC 3325 §9.2'],
  ['P-Preferred-Service', 'list', 'RFC 6050 §4.2'],
  ['P-Private-Network-Indication', 'single', 'RFC 7316 §7'],
  ['P-Profile-Key', 'single', 'RFC 5002 §6'],
  ['P-Refused-URI-List', 'list', 'RFC 5318 §6'],
  ['P-Served-User', 'single', 'RFC 5502 §7'],
  ['P-User-Database', 'single', 'RFC 4457 §6'],
  ['P-Visited-Network-ID', 'list', 'RFC 7315 §5.3'],
  ['Path', 'list', 'RFC 3327 §4'],
  ['Permission-Missing', 'list', 'RFC 5360 §5.9.3'],
  ['Policy-Contact', 'list', 'RFC 6794 §5'],
  ['Policy-ID', 'list', 'RFC 6794 §5'],
  ['Priority', 'single', 'RFC 3261 §20.26'],
  ['Priority-Share', 'single', 'TS 24.229 §7.2.16'],
  ['Priority-Verstat', 'single', 'TS 24.229 §7.2.21'],
  ['Priv-Answer-Mode', 'single', 'RFC 5373 §3'],
  ['Privacy', 'single', 'RFC 3323 §4.2'],
  ['Proxy-Authenticate', 'repeated', 'RFC 3261 §20.27'],
  ['Proxy-Authorization', 'repeated', 'RFC 3261 §20.28'],
  ['Proxy-Require', 'list', 'RFC 3261 §20.29'],
  ['RAck', 'single', 'RFC 3262 §7.2'],
  ['Reason', 'list', 'RFC 3326 §2'],
  ['Record-Route', 'list', 'RFC 3261 §20.30'],
  ['Recv-Info', 'list', 'RFC 6086 §7.3'],
  ['Refer-Events-At', 'single', 'RFC 7614 §4'],
  ['Refer-Sub', 'single', 'RFC 4488 §4'],
  ['Refer-To', 'single', 'RFC 3515 §2.1', 'r'],
  ['Referred-By', 'single', 'RFC 3892 §3', 'b'],
  ['Reject-Contact', 'list', 'RFC 3841 §9.2', 'j'],
  ['Relayed-Charge', 'single', 'TS 24.229 §7.2.12'],
  ['Replaces', 'single', 'RFC 3891 §6.1'],
  ['Reply-To', 'single', 'RFC 3261 §20.31'],
  ['Request-Disposition', 'list', 'RFC 3841 §9.1', 'd'],
  ['Require', 'list', 'RFC 3261 §20.32'],
  ['Resource-Priority', 'list', 'RFC 4412 §3.1'],
  ['Resource-Share', 'single', 'TS 24.229 §7.2.13'],
  ['Response-Source', 'single', 'TS 24.229 §7.2.17'],
  ['Restoration-Info', 'single', 'TS 24.229 §7.2.11'],
  ['Retry-After', 'single', 'RFC 3261 §20.33'],
  ['Route', 'list', 'RFC 3261 §20.34'],
  ['RSeq', 'single', 'RFC 3262 §7.1'],
  ['Security-Client', 'list', 'RFC 3329 §2.2'],
  ['Security-Server', 'list', 'RFC 3329 §2.2'],
  ['Security-Verify', 'list', 'RFC 3329 §2.2'],
  ['Server', 'single', 'RFC 3261 §20.35'],
  ['Service-Interact-Info', 'single', 'TS 24.229 §7.2.14'],
  ['Service-Route', 'list', 'RFC 3608 §5'],
  ['Session-Expires', 'single', 'RFC 4028 §4', 'x'],
  ['Session-ID', 'single', 'RFC 7989 §5'],
  ['SIP-ETag', 'single', 'RFC 3903 §11.3.1'],
  ['SIP-If-Match', 'single', 'RFC 3903 §11.3.2'],
  ['Subject', 'single', 'RFC 3261 §20.36', 's'],
  ['Subscription-State', 'single', 'RFC 6665 §8.2.3'],
  ['Supported', 'list', 'RFC 3261 §20.37', 'k'],
  ['Suppress-If-Match', 'single', 'RFC 5839 §7'],
  ['Target-Dialog', 'single', 'RFC 4538 §7'],
  ['Timestamp', 'single', 'RFC 3261 §20.38'],
  ['To', 'single', 'RFC 3261 §20.39', 't'],
  ['Trigger-Consent', 'list', 'RFC 5360 §5.11.2'],
  ['Unsupported', 'list', 'RFC 3261 §20.40'],
  ['User-Agent', 'single', 'RFC 3261 §20.41'],
  ['User-to-User', 'list', 'RFC 7433 §4'],
  ['Via', 'list', 'RFC 3261 §20.42', 'v'],
  ['Warning', 'list', 'RFC 3261 §20.43'],
  ['WWW-Authenticate', 'repeated', 'RFC 3261 §20.44'],
];

/** The header fields that this codec knows, with the clause that defines each. */
export const headerNames: readonly HeaderName[] = rows.map(([name, shape, clause, compact]) => ({
  name,
  compact: compact ?? null,
  shape,
  clause,
}));

const byName = new Map<string, HeaderName>();
for (const header of headerNames) {
  byName.set(header.name, header);
  byName.set(header.name.toLowerCase(), header);
  if (header.compact !== null) {
    byName.set(header.compact, header);
    byName.set(header.compact.toUpperCase(), header);
  }
}

/** What is known of the name (long or compact, any case), or undefined. */
export function knownHeader(name: string): HeaderName | undefined {
  return byName.get(name) ?? byName.get(name.toLowerCase());
}

/** The long form in its registered case; a name that is not known comes back as it is. */
export function canonicalName(name: string): string {
  return knownHeader(name)?.name ?? name;
}

/** True where several values may share a line, separated by commas (RFC 3261 §7.3.1). */
export function isListValued(name: string): boolean {
  return knownHeader(name)?.shape === 'list';
}
