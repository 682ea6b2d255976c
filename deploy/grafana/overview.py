"""What callers get: traffic, errors by cause, time to first token, gaps, open streams, tokens."""
from panels import dashboard, heat, lines, number, query, row

TTFT = "gen_ai_server_time_to_first_token_seconds_bucket{$S}"

DASHBOARD = dashboard(
    "sluice-overview",
    "Sluice: overview",
    "Whether callers get their answers, how soon, and what that takes.",
    [
        number("Calls a second", "All calls that ended, whatever their status.", "sum(sluice:calls:rate5m{$S})", "reqps"),
        number("Share of calls that fail", "Calls that failed by no doing of their callers, of all calls. It turns red above the chart's default objective.", "sum(rate(sluice_call_failures_total{$S}[5m])) / (sum(rate(sluice_calls_total{$S}[5m])) > 0)", "percentunit", limit=0.005),
        number("Open streams", "Calls begun and not yet ended.", "sum(sluice_open_streams{$S})", "short"),
        number("First token within (p95)", "95% of the calls had their first output this soon, over all models.", f"histogram_quantile(0.95, sum by (le) (rate({TTFT}[5m]))) >= 0", "s", limit=10),
        number("Streams cut in mid-answer", "Answers that broke off after callers had seen a part, each second.", "sum(rate(sluice_streams_cut_total{$S}[5m]))", "reqps", limit=0.01),
        number("Tokens a second", "Counted by the upstreams, in and out.", "sum(rate(sluice_tokens_total{$S}[5m]))", "short"),
        row("Traffic and errors"),
        lines("How do calls end?", "gRPC status codes. CANCELLED is a caller that left.", [query("sum by (code) (sluice:calls:rate5m{$S})", "{{code}}")], "reqps", stack=True),
        lines("Why do calls fail?", "Calls that failed by no doing of their callers, by the kind of error they ended with. Failed attempts that a retry made good are not among them.", [query("sum by (upstream, cause) (rate(sluice_call_failures_total{$S}[5m]))", "{{upstream}}: {{cause}}")], "reqps"),
        lines("Which answers break off?", "After their first output, by cause. These are seen and paid for.", [query("sum by (upstream, cause) (rate(sluice_streams_cut_total{$S}[5m]))", "{{upstream}}: {{cause}}")], "reqps"),
        lines("Is the error budget burning?", "Share of calls that fail over an hour and over six.", [query("sluice:call_failures:ratio_rate1h{$S}", "1 h {{namespace}}/{{job}}"), query("sluice:call_failures:ratio_rate6h{$S}", "6 h {{namespace}}/{{job}}")], "percentunit", limit=0.005),
        row("Waiting"),
        lines("How soon comes the first token, by model?", "p50 and p95 of the calls that had output; of several releases, those of the slowest.", [query("max by (gen_ai_request_model) (sluice:time_to_first_token:p50_5m{$S})", "p50 {{gen_ai_request_model}}"), query("max by (gen_ai_request_model) (sluice:time_to_first_token:p95_5m{$S})", "p95 {{gen_ai_request_model}}")], "s", limit=10),
        heat("How are times to first token spread?", "Calls by their time to first output.", f"sum by (le) (rate({TTFT}[5m]))", "s"),
        lines("How long are the gaps between deltas?", "p99 between two deltas of one stream, as they leave for the caller; of several releases, that of the slowest.", [query("max by (upstream) (sluice:delta_gap:p99_5m{$S})", "{{upstream}}")], "s"),
        lines("How fast do tokens come?", "Median seconds per output token after the first.", [query("histogram_quantile(0.5, sum by (gen_ai_request_model, le) (rate(gen_ai_server_time_per_output_token_seconds_bucket{$S}[5m])))", "{{gen_ai_request_model}}")], "s"),
        row("Work"),
        lines("How many streams are open, by route?", "Calls begun and not yet ended.", [query("sum by (route) (sluice_open_streams{$S})", "{{route}}")], "short", stack=True),
        lines("How many deltas go out?", "Deltas delivered to callers.", [query("sum by (upstream) (rate(sluice_deltas_total{$S}[5m]))", "{{upstream}}")], "cps", stack=True),
        lines("What is the bill made of?", "Tokens a second, as the upstreams counted them.", [query("sum by (model, type) (rate(sluice_tokens_total{$S}[5m]))", "{{model}} {{type}}")], "short", stack=True),
        lines("What is paid for and not counted?", "Tokens a second that the gateway estimated, because an answer ended before the upstream's count.", [query("sum by (upstream, type) (rate(sluice_tokens_estimated_total{$S}[5m]))", "{{upstream}} {{type}}")], "short"),
    ],
)
