import { expect, test } from '@playwright/test';
import { stringify } from 'yaml';
import { DEFAULT_CASE_OPTIONS } from '../catalogue/case-options.js';
import { interconnectPlan, profileOf } from '../networks/topology.js';
import { readProfile } from './read.js';

const PROFILE = profileOf(interconnectPlan({ block: 1, ...DEFAULT_CASE_OPTIONS }));
const TEXT = stringify(PROFILE, { aliasDuplicateObjects: false });

/** The errors of the good profile after one change of its text. */
function errorsAfter(from: string | RegExp, to: string) {
  const text = TEXT.replace(from, to);
  expect(text, 'the change must change something').not.toBe(TEXT);
  const result = readProfile(text, 'interconnect.yaml');
  if (!('errors' in result)) throw new Error('the profile was read');
  const lines = text.split('\n');
  return result.errors.map((error) => ({ ...error, source: lines[error.line - 1]?.trim() ?? '' }));
}

test('reads the profile of the simulated networks back as it was, from YAML and from JSON', () => {
  expect(readProfile(TEXT, 'interconnect.yaml')).toEqual({ profile: PROFILE });
  expect(readProfile(JSON.stringify(PROFILE), 'interconnect.json')).toEqual({ profile: PROFILE });
});

test('names file, line, column, what is there and what was expected', () => {
  expect(errorsAfter('transport: tcp', 'transport: pigeon')).toEqual([
    expect.objectContaining({
      file: 'interconnect.yaml',
      source: 'transport: pigeon',
      text: 'agreement.transport is "pigeon"',
      expected: 'one of udp, tcp, tls',
    }),
  ]);
  expect(errorsAfter('version: 1', 'version: 2')[0]).toMatchObject({ line: 1, expected: '1' });
  expect(errorsAfter('  trust: true\n', '')[0]).toMatchObject({
    text: 'agreement.trust is missing',
    source: 'agreement:',
  });
  expect(errorsAfter('T1: 500', 'T1: fast')[0]).toMatchObject({ source: 'T1: fast', text: 'timers.T1 is "fast"' });
  expect(errorsAfter(/address: 127\.1\.1\.10/, 'address: 127.1.1.999')[0]).toMatchObject({
    source: '- address: 127.1.1.999',
    expected: 'an IPv4 or IPv6 address',
  });
  expect(errorsAfter('role: ue', 'role: phone')[0]?.source).toBe('role: phone');
});

test('refuses secrets, names that point nowhere and doubles', () => {
  const secret = errorsAfter('version: 1', 'version: 1\nopc: cd63cb71954a9f4e48a5994e37a02baf')[0];
  expect(secret).toMatchObject({ line: 2, text: "profile has the unknown property 'opc'" });
  expect(JSON.stringify(secret?.text)).not.toContain('cd63cb71');
  expect(errorsAfter(/sut:\n {2}- home-a/, 'sut:\n  - home-z')[0]).toMatchObject({
    text: "sut names 'home-z'",
    source: '- home-z',
  });
  expect(errorsAfter('network: home-a', 'network: nowhere')[0]).toMatchObject({ expected: 'one of home-a, home-b' });
  expect(errorsAfter('- name: home-b', '- name: home-a').map((error) => error.text)).toContain(
    "a second operator 'home-a'",
  );
});

test('refuses sockets that two nodes claim', () => {
  const [first, second] = PROFILE.nodes;
  if (first === undefined || second === undefined) throw new Error('the simulated networks have nodes');
  const withNodes = (...endpoints: readonly { address: string; ports?: readonly [number, number] }[]) => {
    const nodes = [first, second].map((node, i) => ({ ...node, endpoints: [endpoints[i]] }));
    const result = readProfile(stringify({ ...PROFILE, nodes }), 'x.yaml');
    return 'errors' in result ? result.errors.map((error) => error.text) : [];
  };
  const whole = { address: '2001:db8::1' };
  const claimed = [`2001:DB8:0::1 of ${second.name} is also of ${first.name}`];
  expect(withNodes(whole, { address: '2001:DB8:0::1' })).toEqual(claimed);
  const ranged = (low: number, high: number) => ({ address: '192.0.2.1', ports: [low, high] as const });
  expect(withNodes(ranged(5060, 5070), ranged(5070, 5080))).toEqual([
    `192.0.2.1 ports 5070 to 5080 of ${second.name} is also of ${first.name}`,
  ]);
  expect(withNodes(ranged(5060, 5069), ranged(5070, 5080))).toEqual([]);
  expect(withNodes({ address: '192.0.2.1' }, ranged(5070, 5080))).toEqual([]);
});

test('tells of text that is no YAML, and never throws or hangs', () => {
  const many = `a: &a [x]\n${Array.from({ length: 20 }, (_, i) => `${'bcdefghijklmnopqrstu'[i]}: [*a, *a, *a]`).join('\n')}`;
  const bomb =
    'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\ne: &e [*d,*d]\nf: &f [*e,*e]\ng: &g [*f,*f]\nh: [*g,*g]';
  for (const text of [
    '',
    '\u0000',
    '- [',
    'a: b: c',
    '{',
    '"',
    '\t',
    'null',
    '[]',
    '42',
    many,
    bomb,
    '*missing',
    `${'['.repeat(5000)}`,
  ]) {
    const result = readProfile(text, 'x.yaml');
    expect('errors' in result, text.slice(0, 20)).toBe(true);
    if ('errors' in result) {
      expect(result.errors.length).toBeGreaterThan(0);
      for (const error of result.errors) {
        expect(error.line).toBeGreaterThan(0);
        expect(error.column).toBeGreaterThan(0);
      }
    }
  }
  expect('errors' in readProfile('a'.repeat(5 * 1024 * 1024), 'x.yaml')).toBe(true);
});
