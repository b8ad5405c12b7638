/** What is broken, what usually mends it, and who does. */
export class BrokenLink extends Error {
  constructor(
    text: string,
    readonly hint: string,
    readonly owner: string,
  ) {
    super(text);
  }
}
