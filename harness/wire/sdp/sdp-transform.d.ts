/** What the tests use of sdp-transform, which has no type declarations of its own. */
declare module 'sdp-transform' {
  export function parse(text: string): {
    readonly origin?: { readonly address: string };
    readonly media: readonly {
      readonly type: string;
      readonly port: number;
      readonly protocol: string;
      readonly rtp: readonly { readonly payload: number; readonly codec: string; readonly rate?: number }[];
    }[];
  };
}
