import { plainText } from './plain-text.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': '&#10;',
};

/** Text for the content and the attributes of XML and HTML: markup escaped, what XML cannot hold replaced. */
export function xmlText(text: string): string {
  return plainText(text).replace(/[&<>"'\n]/g, (character) => ENTITIES[character] ?? character);
}
