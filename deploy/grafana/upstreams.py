"""Each upstream's health: attempts, retries, timeouts by kind, rate limits, pool."""
from panels import dashboard, heat, lines, number, query, row

U = '$S,upstream=~"$upstream"'
DURATION = 'gen_ai_client_operation_duration_seconds_bucket{$S,error_type=""}'

DASHBOARD = dashboard(
    "sluice-upstreams",
    "Sluice: upstreams",
    "Which provider is ill, and of what.",
    [
        number("Attempts a second", "Requests sent to the upstreams that ended.", f"sum(rate(sluice_attempts_total{{{U}}}[5m]))", "reqps", width=6),
        number("Share of attempts that fail", "Whatever the kind.", f'sum(rate(sluice_attempts_total{{{U},outcome!="ok"}}[5m])) / (sum(rate(sluice_attempts_total{{{U}}}[5m])) > 0)', "percentunit", width=6, limit=0.1),
        number("Retries a second", "Attempts made again.", f"sum(rate(sluice_retries_total{{{U}}}[5m])) or vector(0)", "reqps", width=6),
        number("Calls waiting for a connection", "All pools together.", f"sum(sluice_pool_waiting{{{U}}})", "short", width=6, limit=1),
        row("Health"),
        lines("What share of attempts fails, by upstream?", "Of the attempts that ended, whatever the kind.", [query(f'sum by (upstream) (rate(sluice_attempts_total{{{U},outcome!="ok"}}[5m])) / (sum by (upstream) (rate(sluice_attempts_total{{{U}}}[5m])) > 0)', "{{upstream}}")], "percentunit", limit=0.1),
        lines("How do attempts fail?", "Kinds of error.", [query(f'sum by (upstream, outcome) (rate(sluice_attempts_total{{{U},outcome!="ok"}}[5m]))', "{{upstream}}: {{outcome}}")], "reqps"),
        lines("Who refuses our key?", "Authentication and quota do not pass by themselves. permission may be one caller's model that the account may not use.", [query(f'sum by (upstream, outcome) (rate(sluice_attempts_total{{{U},outcome=~"authentication|permission|quota"}}[5m]))', "{{upstream}}: {{outcome}}")], "reqps", limit=0.001),
        lines("Who limits our rate?", "Attempts refused for their rate.", [query(f'sum by (upstream) (rate(sluice_attempts_total{{{U},outcome="rate_limit"}}[5m]))', "{{upstream}}")], "reqps"),
        row("Time"),
        lines("Which timers fire?", "pool, connect, tls, send, first_byte, first_output and idle are of an attempt; total and caller_stall of a call.", [query(f"sum by (upstream, timer) (rate(sluice_timeouts_total{{{U}}}[5m]))", "{{upstream}}: {{timer}}")], "reqps"),
        lines("How long do attempts take?", "p50 and p95 of one request to the upstream, to the end of a good answer. Of all upstreams, by host: the conventions' metrics do not know our names for them.", [query(f"histogram_quantile(0.5, sum by (server_address, le) (rate({DURATION}[5m])))", "p50 {{server_address}}"), query(f"histogram_quantile(0.95, sum by (server_address, le) (rate({DURATION}[5m])))", "p95 {{server_address}}")], "s"),
        heat("How are the gaps between deltas spread?", "Between two deltas of one stream.", f"sum by (le) (rate(sluice_delta_gap_seconds_bucket{{{U}}}[5m]))", "s"),
        lines("How many tokens does an attempt take?", "Median, in and out, as the upstream counted. Of all upstreams, by model.", [query("histogram_quantile(0.5, sum by (gen_ai_request_model, gen_ai_token_type, le) (rate(gen_ai_client_token_usage_bucket{$S}[5m])))", "{{gen_ai_request_model}} {{gen_ai_token_type}}")], "short"),
        row("Retries and connections"),
        lines("What is tried again, and why?", "By the error that the attempt before ended with.", [query(f"sum by (upstream, cause) (rate(sluice_retries_total{{{U}}}[5m]))", "{{upstream}}: {{cause}}")], "reqps"),
        lines("Which retries does the budget deny?", "Calls that failed unretried, because too many retries were under way.", [query(f"sum by (upstream) (rate(sluice_retries_denied_total{{{U}}}[5m]))", "{{upstream}}")], "reqps"),
        lines("How full is the fullest pod's pool?", "Connections in use, against pool.connections.", [query(f'max by (upstream) (sluice_pool_connections{{{U},state="in_use"}} / ignoring (state) sluice_pool_connections_limit{{{U}}})', "{{upstream}}")], "percentunit", limit=0.8),
        lines("How many connections are open?", "In use by an attempt, and kept for the next one.", [query(f"sum by (upstream, state) (sluice_pool_connections{{{U}}})", "{{upstream}} {{state}}")], "short"),
        lines("How often is a connection opened?", "Each costs a handshake: many mean that pool.idle is too small, or the upstream hangs up.", [query(f"sum by (upstream) (rate(sluice_pool_opened_total{{{U}}}[5m]))", "{{upstream}}")], "cps"),
        lines("How much goes over the wire?", "Bytes of bodies, in from the upstream and out to it.", [query(f"sum by (upstream, direction) (rate(sluice_upstream_bytes_total{{{U}}}[5m]))", "{{upstream}} {{direction}}")], "Bps"),
    ],
    upstream=True,
)
