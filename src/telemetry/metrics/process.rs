//! Memory and processor time of the process itself, as the kernel tells them.

use std::fmt::Write;
use std::fs;

/// The unit of times in `/proc` on every Linux that is not built oddly.
const TICKS_PER_SECOND: f64 = 100.0;

/// Appends what can be read here; nothing where there is no `/proc`.
pub(super) fn append(text: &mut String) {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    if let Some(bytes) = resident_bytes(&read("/proc/self/status")) {
        let name = "process_resident_memory_bytes";
        // A `String` takes every write.
        let _ = write!(text, "# HELP {name} Memory held.\n# TYPE {name} gauge\n{name} {bytes}\n");
    }
    if let Some(seconds) = cpu_seconds(&read("/proc/self/stat")) {
        let name = "process_cpu_seconds_total";
        let _ = write!(text, "# HELP {name} Processor time used.\n# TYPE {name} counter\n{name} {seconds}\n");
    }
}

/// From the line `VmRSS:     1234 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// Fields 14 and 15, counted behind the program's name, which may contain anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map_while(|field| field.parse::<f64>().ok());
    Some((times.next()? + times.next()?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    2048 kB\nVmData:\t1 kB\n"), Some(2_097_152));
        assert_eq!(resident_bytes(""), None);
    }

    #[test]
    fn a_program_name_with_brackets_does_not_shift_the_fields() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 1 2 3";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds(""), None);
    }
}
