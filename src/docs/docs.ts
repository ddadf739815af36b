/** What `swagger-ui-bundle.js`, which comes before this script, brings. */
declare const SwaggerUIBundle: (options: Readonly<Record<string, unknown>>) => void

SwaggerUIBundle({
  dom_id: '#docs',
  url: 'openapi.json',
  // The place in the address: an operation can be pointed at.
  deepLinking: true,
  // Else the document would be shown to a service on the net.
  validatorUrl: null,
})
