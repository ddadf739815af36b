import type { FastifyRequest } from 'fastify'
import { msgpack } from '../../format/msgpack.ts'
import { protobuf } from '../../format/protobuf.ts'
import { unsupported } from '../body.ts'
import { decodeBinaryEvent, decodeEvent, decodeEvents } from './event-modes.ts'
import type { Decode } from './items.ts'
import { decodeJson, decodeLines } from './json.ts'
import { decodeMsgpack } from './msgpack.ts'
import { decodeProtobuf } from './protobuf.ts'

/** How a publish may come. */
export interface PublishFormat {
  readonly decode: Decode
  /** what its items are, and by what they are read */
  readonly holds: 'notifications' | 'events'
}

/** The formats by media type (PROTOCOL P-10, P-200). All text in them is UTF-8. */
export const PUBLISH_FORMATS: ReadonlyMap<string, PublishFormat> = new Map<string, PublishFormat>([
  ['application/json', { decode: decodeJson, holds: 'notifications' }],
  ['application/x-ndjson', { decode: decodeLines, holds: 'notifications' }],
  [msgpack.mediaType, { decode: decodeMsgpack, holds: 'notifications' }],
  [protobuf.mediaType, { decode: decodeProtobuf, holds: 'notifications' }],
  ['application/cloudevents+json', { decode: decodeEvent, holds: 'events' }],
  ['application/cloudevents-batch+json', { decode: decodeEvents, holds: 'events' }],
])

/** An event whose attributes are headers: its media type is that of its data. */
const BINARY_EVENT: PublishFormat = { decode: decodeBinaryEvent, holds: 'events' }

/**
 * The format of a request, which can be told before its body is there. A media type of CloudEvents goes before their headers, as these
 * may say the same once more (CloudEvents HTTP binding §3).
 * @throws Problem `unsupported-media-type`
 */
export function formatOf({ headers, mediaType = '' }: FastifyRequest): PublishFormat {
  const isBinaryEvent = 'ce-specversion' in headers && !mediaType.startsWith('application/cloudevents')
  const format = isBinaryEvent ? BINARY_EVENT : PUBLISH_FORMATS.get(mediaType)
  if (format) return format
  throw unsupported(
    mediaType === ''
      ? 'The request has no Content-Type.'
      : `The body must be one of ${[...PUBLISH_FORMATS.keys()].join(', ')}.`,
  )
}

/** Hook for `onRequest`. Throws Problem `unsupported-media-type`. */
export async function demandFormat(request: FastifyRequest): Promise<void> {
  formatOf(request)
}
