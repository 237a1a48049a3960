# An orchestrator for experiments on several machines: psp and ssh, without DPDK. docs/testbed.md says how to use it.
FROM node:20-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates openssh-client \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/psp
COPY package.json package-lock.json ./
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm link --ignore-scripts
WORKDIR /experiments
ENTRYPOINT ["psp"]
