/** The two peers ship no types; these are the calls that the benchmark makes. */
declare module 'sip' {
  export function parse(text: string): { headers: Record<string, unknown> } | undefined;
  export function stringify(message: object): string;
}

declare module 'drachtio-sip' {
  export class SipMessage {
    constructor(text: string);
    get(name: string): string;
    getParsedHeader(name: string): unknown;
    toString(): string;
  }
}
