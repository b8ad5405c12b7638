import { expect, test } from '@playwright/test';
import { buildReginfo, parseReginfo, type Reginfo } from './reginfo.js';

const document: Reginfo = {
  version: 3,
  state: 'full',
  registrations: [
    {
      aor: 'sip:+15550100@home-a.example;user=phone',
      id: 'a7',
      state: 'active',
      contacts: [
        {
          id: '76',
          uri: 'sip:u@127.0.0.1:5060?a=1&b="2"',
          state: 'active',
          event: 'registered',
          expires: 600_000,
          cseq: 2,
          displayName: "<O'Hara>",
          unknownParams: [['+g.3gpp.icsi-ref', '"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"']],
          pubGruu: 'sip:+15550100@home-a.example;gr=x',
        },
      ],
    },
    { aor: 'tel:+15550100', id: 'a8', state: 'terminated', contacts: [] },
  ],
};

test('what is written is read back', () => {
  expect(parseReginfo(buildReginfo(document))).toEqual({ reginfo: document, defects: [] });
});

test('a prefixed document of another writer', () => {
  const text =
    '<r:reginfo xmlns:r="urn:ietf:params:xml:ns:reginfo" version="0" state="partial"><r:registration aor="sip:a@b" id="1" state="init"/></r:reginfo>';
  const { reginfo, defects } = parseReginfo(Buffer.from(text));
  expect(defects).toEqual([]);
  expect(reginfo?.registrations[0]).toMatchObject({ aor: 'sip:a@b', state: 'init', contacts: [] });
});

for (const [title, text, code] of [
  ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><reginfo/>', 'reginfo-document-type'],
  ['unclosed elements', '<reginfo version="0" state="full">', 'reginfo-not-well-formed'],
  ['nothing', '', 'reginfo-not-well-formed'],
  ['another root', '<presence/>', 'reginfo-root'],
  ['no version', '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" state="full"/>', 'reginfo-version'],
  ['no namespace', '<reginfo version="1" state="full"/>', 'reginfo-namespace'],
  ['deep nesting', '<a>'.repeat(20_000), 'reginfo-not-well-formed'],
] as const) {
  test(`${title} is a defect`, () => {
    expect(parseReginfo(Buffer.from(text)).defects.map((defect) => defect.code)).toContain(code);
  });
}

test('entities of a document are never expanded', () => {
  const text =
    '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="1" state="full"><registration aor="&x;&#65;&amp;" id="1" state="active"/></reginfo>';
  expect(parseReginfo(Buffer.from(text)).reginfo?.registrations[0]?.aor).toBe('&x;A&');
});

test('every truncation is read without a throw', () => {
  const octets = buildReginfo(document);
  for (let length = 0; length < octets.length - 2; length++) {
    expect(parseReginfo(octets.subarray(0, length)).reginfo).toBeNull();
  }
});
