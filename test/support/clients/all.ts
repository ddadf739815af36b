import type { ClientKind } from './client.ts'
import {
  curlLongPollClient,
  fetchLongPollClient,
  formatLongPollClients,
  keptLongPollClient,
} from './long-poll.ts'
import { curlSseClient, eventSourceClient, fetchSseClient } from './sse.ts'
import { formatWebSocketClients, webSocketClient } from './websocket.ts'

/** One client for each transport, in JSON. */
export const TRANSPORT_CLIENTS: readonly ClientKind[] = [
  webSocketClient,
  eventSourceClient,
  keptLongPollClient,
]

/** One client for each transport and format that there are together. */
export const FORMAT_CLIENTS: readonly ClientKind[] = [
  ...TRANSPORT_CLIENTS,
  ...formatWebSocketClients,
  ...formatLongPollClients,
]

/** Every client there is. */
export const ALL_CLIENTS: readonly ClientKind[] = [
  ...FORMAT_CLIENTS,
  fetchSseClient,
  curlSseClient,
  fetchLongPollClient,
  curlLongPollClient,
]
