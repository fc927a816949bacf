"""What may be called without a token: a reviewed list, each with the reason. Everything else wants one."""

from __future__ import annotations

OPEN = {
    "/health/live": "a supervisor asks whether the process is there",
    "/health/ready": "a load balancer asks whether requests can be served",
    "/oauth/token": "where a machine gets its token; its secret is checked there",
    "/v1/lists/jwks.json": "public keys are public: whoever holds a list checks it",
    "/public/notices": "公示 is for everybody: numbers, titles and dates of public notices",
    "/public/notices/{number}": "公示 is for everybody: names and cities of the enterprises to be admitted, no more",
    "/public/spot-checks": "抽查 is verifiable by everybody: numbers, digests and commitments",
    "/public/spot-checks/{number}": "抽查 is verifiable by everybody: names and cities of those drawn, no more",
    "/public/spot-checks/{number}/frame.json": "what a draw is recomputed from: seals and numbers, no names",
    "/public/spot-checks/{number}/result.json": "what a draw is compared with: seals; names and cities apart",
}
