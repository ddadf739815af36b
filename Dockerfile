# docker build -t tidings . && docker run --read-only -e TIDINGS_AUTH=none -p 127.0.0.1:8080:8080 -v tidings:/data tidings
# Stop it with `docker stop -t 45`: longer than the drain.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
ENV NODE_ENV=production TIDINGS_HOST=0.0.0.0 TIDINGS_PORT=8080 TIDINGS_DATA_DIR=/data
# The only place that is written to, and only by the embedded log.
RUN install -d -o node -g node /data
VOLUME /data
# `node`, as a number: Kubernetes' runAsNonRoot can't tell who a name is.
USER 1000:1000
EXPOSE 8080
# Whether the process is to be kept: what replaces an unhealthy container must not do so when only the log is out of reach.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.TIDINGS_PORT + '/livez').then(({ ok }) => process.exit(ok ? 0 : 1))"]
# No shell and no npm between: the process has id 1 and gets SIGTERM itself. Whatever workers it has, it started, and reaps.
CMD ["node", "--max-semi-space-size=4", "dist/main.js"]
