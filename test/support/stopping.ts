/** At worst, after the drain: the last requests, publishes on their way to NATS, and an attempt to connect to it. */
export const STOP_SECONDS = 5 + 5 + 2 * 3
