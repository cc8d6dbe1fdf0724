//! Numbers and the table they stand in.

use std::time::Duration;

/// One line of the table.
pub struct Figure {
    /// What was measured.
    pub name: &'static str,
    /// What was seen.
    pub seen: String,
    /// What is to be reached.
    pub goal: &'static str,
}

impl Figure {
    /// A line.
    pub fn new(name: &'static str, seen: impl Into<String>, goal: &'static str) -> Self {
        Self {
            name,
            seen: seen.into(),
            goal,
        }
    }
}

/// Prints the lines as a Markdown table.
pub fn print(figures: &[Figure]) {
    println!("| figure | Switchyard | goal |");
    println!("|---|---|---|");
    for figure in figures {
        println!("| {} | {} | {} |", figure.name, figure.seen, figure.goal);
    }
}

/// A measurement's times, sorted.
pub struct Times(Vec<Duration>);

impl Times {
    /// Sorts the times.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that this share of all is at most as long as.
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0
            .get(last * percent / 100)
            .copied()
            .unwrap_or_default()
    }

    /// How many times as long as the other's the median is.
    pub fn ratio(&self, other: &Self) -> f64 {
        self.percentile(50).as_secs_f64() / other.percentile(50).as_secs_f64()
    }

    /// Both medians.
    pub fn against(&self, other: &Self) -> String {
        let [this, that] = [self, other].map(|times| milliseconds(times.percentile(50)));
        format!("{this} against {that}")
    }

    /// Median with minimum, 95th percentile and maximum.
    pub fn summary(&self) -> String {
        format!(
            "{} (min {}, p95 {}, max {})",
            milliseconds(self.percentile(50)),
            milliseconds(self.percentile(0)),
            milliseconds(self.percentile(95)),
            milliseconds(self.percentile(100)),
        )
    }

    /// Median with minimum and maximum, of times that take seconds.
    pub fn seconds(&self) -> String {
        let [least, median, largest] =
            [0, 50, 100].map(|percent| self.percentile(percent).as_secs_f64());
        format!("{median:.2} s (min {least:.2}, max {largest:.2})")
    }
}

/// The median of sizes in bytes, with the least and the largest.
pub fn megabytes_between(mut sizes: Vec<u64>) -> String {
    sizes.sort_unstable();
    let [least, median, largest] = [0, sizes.len() / 2, sizes.len().saturating_sub(1)]
        .map(|place| megabytes(sizes.get(place).copied().unwrap_or_default()));
    format!("{median} (min {least}, max {largest})")
}

/// `1.24 ms`.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// `33.1 MB`, decimal.
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
