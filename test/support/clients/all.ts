import type { ClientKind } from './client.ts'
import { curlLongPollClient, fetchLongPollClient, keptLongPollClient } from './long-poll.ts'
import { curlSseClient, eventSourceClient, fetchSseClient } from './sse.ts'
import { webSocketClient } from './websocket.ts'

/** One client for each transport. */
export const TRANSPORT_CLIENTS: readonly ClientKind[] = [
  webSocketClient,
  eventSourceClient,
  keptLongPollClient,
]

/** Every client there is. */
export const ALL_CLIENTS: readonly ClientKind[] = [
  ...TRANSPORT_CLIENTS,
  fetchSseClient,
  curlSseClient,
  fetchLongPollClient,
  curlLongPollClient,
]
