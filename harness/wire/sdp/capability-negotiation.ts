import type { SdpMedia, SdpSection } from './sdp.js';

/** `a=pcfg:<n> …` (potential) or `a=acfg:<n> …` (actual configuration), RFC 5939 §3.5. */
export interface Configuration {
  readonly number: number;
  /** Transport capability numbers (`t=`), alternatives in order. */
  readonly transports: readonly number[];
  /** Attribute capability numbers (`a=`), alternatives and optional ones flattened. */
  readonly attributes: readonly number[];
}

/** Transport capabilities by number, `a=tcap:<first> <proto> …`, RFC 5939 §3.4.2. A media level holds over the session level. */
export function transportCapabilities(section: SdpSection): ReadonlyMap<number, string> {
  const capabilities = new Map<number, string>();
  for (const value of section.all('tcap')) {
    const [first, ...protocols] = value.trim().split(/ +/);
    if (first === undefined || !/^\d{1,9}$/.test(first)) continue;
    protocols.forEach((proto, index) => {
      capabilities.set(Number(first) + index, proto);
    });
  }
  return capabilities;
}

export function potentialConfigurations(media: SdpMedia): readonly Configuration[] {
  return media.all('pcfg').flatMap(readConfiguration);
}

export function actualConfiguration(media: SdpMedia): Configuration | null {
  return media.all('acfg').flatMap(readConfiguration)[0] ?? null;
}

/** Transport profiles that an answer may use for an offered media description: its own and the potential ones. */
export function offeredProfiles(session: SdpSection, media: SdpMedia): readonly string[] {
  const capabilities = new Map([...transportCapabilities(session), ...transportCapabilities(media)]);
  const potential = potentialConfigurations(media).flatMap((configuration) =>
    configuration.transports.flatMap((number) => capabilities.get(number) ?? []),
  );
  return [media.proto, ...potential];
}

function readConfiguration(value: string): readonly Configuration[] {
  const [number, ...items] = value.trim().split(/ +/);
  if (number === undefined || !/^\d{1,9}$/.test(number)) return [];
  const list = (key: string): readonly number[] =>
    items
      .filter((item) => item.startsWith(`${key}=`))
      .flatMap((item) => item.slice(2).match(/\d{1,9}/g) ?? [])
      .map(Number);
  return [{ number: Number(number), transports: list('t'), attributes: list('a') }];
}
