FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
ENV NODE_ENV=production TIDINGS_HOST=0.0.0.0 TIDINGS_DATA_DIR=/data
# The embedded log's, where that is used.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 8080
CMD ["node", "--max-semi-space-size=4", "dist/main.js"]
