/** The elements of a header that is a list (RFC 9110 §5.6.1). */
export function elementsOf(header: string): string[] {
  return header.split(',').map((element) => element.trim())
}
