//! How the chat says times, durations and counts. Pure; the clock is an argument.

use chrono::{DateTime, Datelike as _, Duration, Month, NaiveDate, Timelike as _, Utc, Weekday};

/// `now`, `14m`, `3h`, `2d`, `5w`, `2y`: how long ago, as short as a list row needs it.
pub fn short_age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - since).num_seconds().max(0);
    match seconds {
        0..60 => "now".to_owned(),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        86_400..1_209_600 => format!("{}d", seconds / 86_400),
        1_209_600..31_536_000 => format!("{}w", seconds / 604_800),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

/// `12 ms`, `4 s`, `0:42`, `1:02:05`: how long something took.
pub fn duration(milliseconds: i64) -> String {
    match milliseconds.max(0) {
        short @ 0..1000 => format!("{short} ms"),
        tenths @ 1000..10_000 => {
            let tenths = tenths / 100;
            if tenths % 10 == 0 {
                format!("{} s", tenths / 10)
            } else {
                format!("{}.{} s", tenths / 10, tenths % 10)
            }
        }
        long => clock(long / 1000),
    }
}

/// `0:42`, `12:05`, `1:02:05`: elapsed time that counts up.
pub fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    }
}

/// `4 s`, `3 min`: how long the model thought.
pub fn thinking_time(milliseconds: i64) -> String {
    let seconds = (milliseconds.max(0) + 500) / 1000;
    match seconds {
        0 => "less than a second".to_owned(),
        1..100 => format!("{seconds} s"),
        _ => format!("{} min", (seconds + 30) / 60),
    }
}

/// The day a time falls on, for a reader `offset_minutes` east of UTC.
pub fn local_day(time: DateTime<Utc>, offset_minutes: i32) -> NaiveDate {
    local(time, offset_minutes).date_naive()
}

fn local(time: DateTime<Utc>, offset_minutes: i32) -> DateTime<Utc> {
    time + Duration::minutes(i64::from(offset_minutes))
}

/// `Today`, `Yesterday`, `Monday, 3 March`, with the year when it is another one.
pub fn day_name(day: NaiveDate, today: NaiveDate) -> String {
    match (today - day).num_days() {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ if day.year() == today.year() => {
            format!("{}, {} {}", weekday(day), day.day(), month(day))
        }
        _ => date(day),
    }
}

/// `3 March 2026`. Written out by hand: chrono's patterns bring an interpreter that the browser would have to load.
fn date(day: NaiveDate) -> String {
    format!("{} {} {}", day.day(), month(day), day.year())
}

fn month(day: NaiveDate) -> &'static str {
    let month = u8::try_from(day.month()).ok();
    month
        .and_then(|month| Month::try_from(month).ok())
        .map_or("", |month| month.name())
}

fn weekday(day: NaiveDate) -> &'static str {
    match day.weekday() {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

/// The section of the sidebar that a chat's last change falls into.
pub fn list_section(day: NaiveDate, today: NaiveDate) -> &'static str {
    match (today - day).num_days() {
        ..=0 => "Today",
        1 => "Yesterday",
        2..=7 => "This week",
        _ => "Older",
    }
}

/// `14:05` for a reader `offset_minutes` east of UTC.
pub fn time_of_day(time: DateTime<Utc>, offset_minutes: i32) -> String {
    let local = local(time, offset_minutes);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// `3 March 2026, 14:05` for a reader `offset_minutes` east of UTC.
pub fn exact(time: DateTime<Utc>, offset_minutes: i32) -> String {
    let day = date(local_day(time, offset_minutes));
    format!("{day}, {}", time_of_day(time, offset_minutes))
}

/// `1 file`, `3 files`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}

/// `950`, `12k`, `1.2M`: tokens.
pub fn tokens(number: i64) -> String {
    match number.max(0) {
        small @ 0..1000 => small.to_string(),
        middle @ 1000..1_000_000 => format!("{}k", (middle + 500) / 1000),
        large => format!("{}.{}M", large / 1_000_000, large / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn says_how_long_ago_in_one_unit() {
        let now = Utc.with_ymd_and_hms(2026, 3, 10, 12, 0, 0).unwrap();
        let ages = [5, 60, 7200, 86_400 * 3, 86_400 * 30, 86_400 * 800, -50];
        let said: Vec<_> = ages
            .map(|seconds| short_age(now - Duration::seconds(seconds), now))
            .into();
        assert_eq!(said, ["now", "1m", "2h", "3d", "4w", "2y", "now"]);
    }

    #[test]
    fn says_durations_in_the_unit_that_reads_best() {
        let said: Vec<_> = [0, 12, 1000, 4200, 42_000, 3_725_000].map(duration).into();
        assert_eq!(said, ["0 ms", "12 ms", "1 s", "4.2 s", "0:42", "1:02:05"]);
        assert_eq!(thinking_time(4300), "4 s");
        assert_eq!(tokens(62_400), "62k");
    }

    #[test]
    fn names_days_for_the_readers_own_clock() {
        let late = Utc.with_ymd_and_hms(2026, 3, 9, 23, 30, 0).unwrap();
        let today = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
        assert_eq!(day_name(local_day(late, 60), today), "Today");
        assert_eq!(day_name(local_day(late, 0), today), "Yesterday");
        assert_eq!(
            day_name(NaiveDate::from_ymd_opt(2025, 1, 2).unwrap(), today),
            "2 January 2025"
        );
        assert_eq!(
            day_name(NaiveDate::from_ymd_opt(2026, 2, 5).unwrap(), today),
            "Thursday, 5 February"
        );
        assert_eq!(time_of_day(late, -65), "22:25");
        assert_eq!(exact(late, 60), "10 March 2026, 00:30");
        assert_eq!(list_section(local_day(late, 0), today), "Yesterday");
    }
}
