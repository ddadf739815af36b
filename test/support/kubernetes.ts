import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** Of a manifest, what the tests look at. */
export interface Manifests {
  readonly 'kustomization.yaml': {
    readonly resources: readonly string[]
    readonly images: readonly { readonly name: string; readonly newTag: string }[]
    readonly configMapGenerator: readonly [{ readonly name: string; readonly envs: readonly string[] }]
  }
  readonly 'deployment.yaml': {
    readonly metadata: { readonly name: string }
    readonly spec: {
      readonly selector: LabelSelector
      readonly minReadySeconds: number
      readonly strategy: { readonly rollingUpdate: object }
      readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod }
    }
  }
  readonly 'service.yaml': {
    readonly spec: { readonly selector: Labels; readonly ports: readonly { readonly targetPort: string }[] }
  }
  readonly 'pdb.yaml': {
    readonly spec: { readonly selector: LabelSelector; readonly maxUnavailable: number }
  }
  readonly 'hpa.yaml': {
    readonly spec: {
      readonly scaleTargetRef: { readonly kind: string; readonly name: string }
      readonly minReplicas: number
      readonly metrics: readonly [{ readonly pods: PodsMetric }]
    }
  }
  readonly 'pod-monitor.yaml': {
    readonly spec: {
      readonly jobLabel: string
      readonly selector: LabelSelector
      readonly podMetricsEndpoints: readonly { readonly port: string; readonly path: string }[]
    }
  }
  readonly 'prometheus-adapter.yaml': {
    readonly rules: { readonly custom: readonly { readonly seriesQuery: string }[] }
  }
}

interface Pod {
  readonly enableServiceLinks: boolean
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: object
  readonly topologySpreadConstraints: readonly { readonly labelSelector: LabelSelector }[]
  readonly containers: readonly [Container]
}

interface Container {
  readonly image: string
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly envFrom: readonly { readonly configMapRef?: { readonly name: string } }[]
  readonly securityContext: object
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface PodsMetric {
  readonly metric: { readonly name: string }
  readonly target: { readonly averageValue: string }
}

interface LabelSelector {
  readonly matchLabels: Labels
}

type Labels = Readonly<Record<string, string>>

/** Where they are. */
export const MANIFESTS = new URL('../../config/kubernetes/', import.meta.url)

/** The manifest in `file`, as it is before kustomize. */
export function manifest<File extends keyof Manifests>(file: File): Manifests[File] {
  return parse(readFileSync(new URL(file, MANIFESTS), 'utf8')) as Manifests[File]
}
