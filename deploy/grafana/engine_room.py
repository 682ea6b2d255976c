"""The gateway itself: what it adds, what it takes, how near it is to its limits."""
from panels import dashboard, heat, lines, number, query, row

DASHBOARD = dashboard(
    "sluice-engine-room",
    "Sluice: engine room",
    "What the gateway itself costs, and what holds it back.",
    [
        number("Added before the first token (p99)", "What the gateway itself adds to a call; waiting for upstreams is not in it.", "max(sluice:overhead:p99_5m{$S}) >= 0", "s", width=6, limit=0.01),
        number("CPU a delta", "CPU of all pods by deltas delivered.", "sum(rate(process_cpu_seconds_total{$S}[5m]) and on (namespace, job, instance) sluice_build_info) / (sum(rate(sluice_deltas_total{$S}[5m])) > 0)", "s", width=6),
        number("Fullest pod", "Open streams against limits.open_calls.", "max(sluice:open_streams:of_limit{$S})", "percentunit", width=6, limit=0.8),
        number("Certificate lasts", "Until the first certificate of the callers' door expires; nothing where it is plaintext.", "min(sluice_certificate_expiry_timestamp_seconds{$S}) - time()", "s", width=6),
        row("Cost"),
        heat("What does the gateway add to a call?", "Seconds before the first output left, waiting for upstreams excluded.", "sum by (le) (rate(sluice_overhead_seconds_bucket{$S}[5m]))", "s"),
        lines("How busy is each pod?", "Cores used. An engine is one thread: one core each.", [query("rate(process_cpu_seconds_total{$S}[5m]) and on (namespace, job, instance) sluice_build_info", "{{instance}}")], "short"),
        lines("How much memory does a pod take?", "Resident. A stream takes about 35 KiB, with TLS to its upstream 90.", [query("process_resident_memory_bytes{$S} and on (namespace, job, instance) sluice_build_info", "{{instance}}")], "bytes"),
        lines("How much memory does a stream take?", "Resident memory by open streams. With few of them, it is what the process takes anyway.", [query("sum by (namespace, job, instance) (process_resident_memory_bytes{$S}) / (sum by (namespace, job, instance) (sluice_open_streams{$S}) > 0)", "{{instance}}")], "bytes"),
        lines("How much goes to and from callers?", "Bytes of messages, added when a call ends.", [query("sum by (direction) (rate(sluice_caller_bytes_total{$S}[5m]))", "{{direction}}")], "Bps"),
        row("Limits"),
        lines("How full is each pod?", "Open streams against limits.open_calls.", [query("sluice:open_streams:of_limit{$S}", "{{instance}}")], "percentunit", limit=0.8),
        lines("Do calls wait for their turn?", "Calls that wait for one of limits.open_calls to end.", [query("sluice_queued_calls{$S}", "{{instance}}")], "short", limit=1),
        lines("Which limits are reached?", "Calls refused or ended by a limit of the gateway's own.", [query("sum by (limit) (rate(sluice_limits_reached_total{$S}[5m]))", "{{limit}}")], "reqps"),
        lines("Are callers too slow?", "Times an upstream was paused because its caller did not keep up.", [query("sum by (upstream) (rate(sluice_backpressure_pauses_total{$S}[5m]))", "{{upstream}}")], "cps"),
        lines("How many file descriptors are open?", "Against the least that one of the processes may open.", [query("process_open_fds{$S} and on (namespace, job, instance) sluice_build_info", "{{instance}}"), query("min(process_max_fds{$S} and on (namespace, job, instance) sluice_build_info)", "limit")], "short"),
        lines("How many threads run?", "Engines, their companions, and libraries' own.", [query("process_threads{$S} and on (namespace, job, instance) sluice_build_info", "{{instance}}")], "short"),
        row("Changes"),
        lines("Which versions run?", "Pods by version.", [query("count by (version) (sluice_build_info{$S})", "{{version}}")], "short"),
        lines("Is each pod's configuration the one in its file?", "1: the file as it was last read is in force. 0: it was refused, an older one stays, and a restart would not come up.", [query("sluice_config_last_reload_successful{$S}", "{{instance}}")], "short", zeros=True),
        lines("When are configurations read again?", "Reloads; a failed one leaves the old configuration in force.", [query("sum by (result) (increase(sluice_reloads_total{$S}[5m]))", "{{result}}")], "short"),
        lines("Who drains, and for how long?", "Seconds since the drain began; 0 while serving. At limits.drain the streams that are left are cut.", [query("(time() - sluice_draining_since_timestamp_seconds{$S}) * (sluice_draining_since_timestamp_seconds{$S} > bool 0)", "{{instance}}"), query("min(sluice_drain_limit_seconds{$S})", "limit")], "s"),
        lines("Do spans reach the collector?", "Spans of sampled calls: sent, dropped because the queue was full, or failed at the collector.", [query("sum by (result) (rate(sluice_spans_total{$S}[5m]))", "{{result}}")], "cps"),
        lines("When did each pod start?", "Seconds since then.", [query("time() - process_start_time_seconds{$S} and on (namespace, job, instance) sluice_build_info", "{{instance}}")], "s"),
    ],
)
