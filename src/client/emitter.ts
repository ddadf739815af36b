/** Listeners by kind of event. */
export interface Emitter<Events> {
  /** Calls `listener` with every event of `kind` from now on; returns what ends that. */
  on<Kind extends keyof Events>(kind: Kind, listener: (event: Events[Kind]) => void): () => void
  /** A listener that throws keeps no other from being called: its error ends as an unhandled rejection. */
  emit<Kind extends keyof Events>(kind: Kind, event: Events[Kind]): void
}

export function createEmitter<Events>(): Emitter<Events> {
  const listeners = new Set<readonly [keyof Events, (event: never) => void]>()
  return {
    on(kind, listener) {
      const entry = [kind, listener] as const
      listeners.add(entry)
      return () => listeners.delete(entry)
    },
    emit(kind, event) {
      for (const [wanted, listener] of listeners) {
        if (wanted !== kind) continue
        try {
          listener(event as never)
        } catch (error) {
          void Promise.reject(error)
        }
      }
    },
  }
}
