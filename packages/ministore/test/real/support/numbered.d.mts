export interface Numbered {
  readonly n: number
  readonly text: string
}
export function recordOf(n: number): Numbered
export function say(line: string): void
