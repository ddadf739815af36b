import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { loadSettings } from '../../src/config/load.ts'
import { MANIFESTS, manifest } from '../support/kubernetes.ts'
import { packageJson } from '../support/package-json.ts'
import { STOP_SECONDS } from '../support/stopping.ts'

const kustomization = manifest('kustomization.yaml')
const deployment = manifest('deployment.yaml')
const { template, selector } = deployment.spec
const pod = template.spec
const [container] = pod.containers
const settings = loadSettings({
  // Of the image.
  TIDINGS_HOST: '0.0.0.0',
  ...Object.fromEntries(
    readFileSync(new URL('settings.env', MANIFESTS), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s, 2)),
  ),
})

t.test('the kustomization has every manifest, and the version of the package', async (t) => {
  const others = [
    'kustomization.yaml',
    'pod-monitor.yaml',
    'prometheus-adapter.yaml',
    ...kustomization.configMapGenerator[0].envs,
  ]
  t.strictSame([...kustomization.resources, ...others].sort(), readdirSync(MANIFESTS).sort())
  const { version } = packageJson()
  t.strictSame(kustomization.images, [{ name: container.image, newTag: version }])
})

t.test(
  'the pods take the settings, with which the service starts, and no variables of Services',
  async (t) => {
    t.strictSame(container.envFrom[0]?.configMapRef?.name, kustomization.configMapGenerator[0].name)
    t.equal(settings.log, 'nats', 'pods share no disk')
    t.equal(pod.enableServiceLinks, false)
  },
)

t.test('all choose the same pods, and the HPA their Deployment', async (t) => {
  const { labels } = template.metadata
  const chosen = [
    selector.matchLabels,
    pod.topologySpreadConstraints[0]?.labelSelector.matchLabels,
    manifest('service.yaml').spec.selector,
    manifest('pdb.yaml').spec.selector.matchLabels,
    manifest('pod-monitor.yaml').spec.selector.matchLabels,
  ]
  for (const one of chosen) t.strictSame(one, labels)
  const { kind, name } = manifest('hpa.yaml').spec.scaleTargetRef
  t.strictSame([kind, name], ['Deployment', deployment.metadata.name])
})

t.test('Service and probes lead to the port on which the service listens', async (t) => {
  t.match(container.ports, [{ name: 'http', containerPort: settings.port }])
  t.equal(manifest('service.yaml').spec.ports[0]?.targetPort, 'http')
  t.match(container.readinessProbe.httpGet, { path: '/readyz', port: 'http' })
  t.match(container.livenessProbe.httpGet, { path: '/livez', port: 'http' })
})

t.test('Prometheus scrapes each pod at its port, as the job that the alerts are about', async (t) => {
  const { jobLabel, podMetricsEndpoints } = manifest('pod-monitor.yaml').spec
  t.match(podMetricsEndpoints, [{ port: 'http', path: '/metrics' }])
  const rules = readFileSync(new URL('../prometheus-rules.yml', MANIFESTS), 'utf8')
  const jobs = Array.from(rules.matchAll(/job="([^"]+)"/g), ([, job]) => job)
  t.ok(jobs.length > 0)
  t.strictSame(new Set(jobs), new Set([template.metadata.labels[jobLabel]]))
})

t.test('the HPA has a goal that an instance can hold, in a metric that the adapter makes', async (t) => {
  const { spec } = manifest('hpa.yaml')
  const { metric, target } = spec.metrics[0].pods
  const goal = Number(target.averageValue)
  const left = spec.minReplicas - 1
  t.ok(
    goal * spec.minReplicas <= left * settings.maxConnections,
    'the others can take those of one that goes',
  )
  const [rule] = manifest('prometheus-adapter.yaml').rules.custom
  t.match(rule?.seriesQuery, new RegExp(`^${metric.name}\\{`))
})

t.test('a pod has time to leave the balancers and to drain, and the next one waits for it', async (t) => {
  const [sleep, seconds] = container.lifecycle.preStop.exec.command
  t.equal(sleep, 'sleep')
  const leaving = Number(seconds) + settings.drainSeconds
  t.ok(pod.terminationGracePeriodSeconds > leaving + STOP_SECONDS)
  const { minReadySeconds, strategy } = deployment.spec
  t.strictSame(strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 })
  t.ok(minReadySeconds >= leaving)
})

t.test('nodes are emptied one pod at a time', async (t) => {
  t.equal(manifest('pdb.yaml').spec.maxUnavailable, 1)
})

t.test("a pod is as restricted as Kubernetes' Pod Security Standards have it", async (t) => {
  t.match(pod.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  t.strictSame(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
})
