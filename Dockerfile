# Both stages use glibc, with which memory is measured. `npm run pin:images` renews the digests, which decide, not the tags.
ARG NODE_IMAGE=node:24.21.0-trixie-slim@sha256:173f125896c3b47ddf056734c7ea789d04595a6a08769a8f78e0df642781fb66
ARG BASE_IMAGE=debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f

# Builds. Only `npm ci` uses the network.
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
# Without --ignore-scripts, `npm ci` would compile before the sources are copied.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src ./src
# OMIT=optional leaves S3 out.
ARG OMIT=dev
RUN npm run build && npm prune --omit=dev --omit=${OMIT} --ignore-scripts --no-audit --no-fund \
  # What only compilers and debuggers read.
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

# Contains node, the server and its libraries: no npm, no compiler.
FROM ${BASE_IMAGE}
ARG VERSION=
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="mail-mcp" \
  org.opencontainers.image.description="A mailbox for any MCP client over IMAP and SMTP" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.source="${SOURCE}"
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY views ./views
COPY bin ./bin
COPY LICENSE ./
# bin/mail-mcp sets the flags of V8 and the thresholds of glibc's allocator. HOST: a loopback address cannot be published.
ENV NODE_ENV=production HOST=* PATH=/app/bin:$PATH
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGTERM
# bash needs a hundredth of the time of node.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PORT:-3000} && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 4 line <&3 && [[ $line == 'HTTP/1.1 200 '* ]]"]
ENTRYPOINT ["node", "/app/bin/mail-mcp"]
CMD ["server"]
