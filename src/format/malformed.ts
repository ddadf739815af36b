/** Bytes are not what they should be; the message goes on after the name of a format: "has more than 64 levels". */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}
