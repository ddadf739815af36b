/** The console at `/`: everything that it knows of the stream, it has from the SDK, as any page could. */
import { connect } from '../client/index.ts'
import { channelsOfPage, channelsView } from './channels-view.ts'
import { connectionView } from './connection-view.ts'
import { feedView } from './feed-view.ts'
import { figuresView } from './figures-view.ts'
import { Negotiation } from './negotiation.ts'
import { openNetwork } from './network.ts'
import { publishView } from './publish-view.ts'

const service = new URL('.', document.baseURI)
const channels = channelsOfPage()

const negotiation = new Negotiation(Date.now, () => view.update())
const network = openNetwork({ fetch: fetch.bind(globalThis), WebSocket }, negotiation)
const view = connectionView(() => stream.status, negotiation, network)
const feed = feedView()

const stream = connect(service, {
  channels,
  fetch: network.fetch,
  WebSocket: network.WebSocket,
  // Each tab negotiates for itself, and anew at each visit: that is what is to be seen.
  tabs: false,
  storage: undefined,
})

stream.on('status', (status) => {
  negotiation.status(status)
  if (status.state === 'offline') negotiation.remark('bad', 'Plain HTTP fails, too: offline')
  if (status.state === 'closed') negotiation.remark('bad', 'Closed')
  view.update()
})
stream.on('notification', (notification) => feed.add(notification, stream.status.transport ?? 'none'))
stream.on('gap', feed.gap)
stream.on('error', ({ code, message }) =>
  negotiation.remark('bad', `The service refuses: ${code}. ${message}`),
)
view.update()

channelsView(channels, {
  added: (channel) => stream.subscribe(channel),
  removed: (channel) => stream.unsubscribe(channel),
})
publishView(new URL('v1/notifications', service).href)
figuresView(new URL('v1/stats', service).href)
