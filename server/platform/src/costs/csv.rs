//! Costs as a table for spreadsheets (RFC 4180).

use std::fmt::Write as _;

use sdk::costs::{CostSummary, CostTable, CostTotals};

const COLUMNS: &str = "cost_usd,messages,unpriced_messages,input_tokens,output_tokens,cache_read_tokens,\
     cache_write_tokens,runtime_ms";

/// One table of a summary with its heading.
pub fn to_csv(summary: &CostSummary, table: CostTable) -> String {
    let mut csv = String::new();
    match table {
        CostTable::Day => {
            head(&mut csv, "date");
            for day in &summary.by_day {
                row(&mut csv, &[&day.date.to_string()], &day.totals());
            }
        }
        CostTable::Model => {
            head(&mut csv, "model_id,name,model");
            for model in &summary.by_model {
                let id = model.model_config_id.to_string();
                row(
                    &mut csv,
                    &[&id, &model.display_name, &model.model],
                    &model.totals(),
                );
            }
        }
        CostTable::Chat => {
            head(&mut csv, "chat_id,title");
            for chat in &summary.by_chat {
                let id = chat.root_chat_id.to_string();
                row(&mut csv, &[&id, &chat.chat_title], &chat.totals());
            }
        }
    }
    csv
}

fn head(csv: &mut String, first: &str) {
    csv.push_str(first);
    csv.push(',');
    csv.push_str(COLUMNS);
    csv.push_str("\r\n");
}

fn row(csv: &mut String, first: &[&str], totals: &CostTotals) {
    for text in first {
        csv.push_str(&cell(text));
        csv.push(',');
    }
    let micros = totals.total_cost_micros;
    // Writing to a text cannot fail.
    let _ = write!(
        csv,
        "{}.{:06},{},{},{},{},{},{},{}\r\n",
        micros / 1_000_000,
        micros % 1_000_000,
        totals.message_count,
        totals.unpriced_message_count,
        totals.total_input_tokens,
        totals.total_output_tokens,
        totals.total_cache_read_tokens,
        totals.total_cache_creation_tokens,
        totals.total_runtime_ms,
    );
}

/// Text as a cell. A spreadsheet takes what begins like a formula for one, and titles are anybody's words.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_stay_one_cell_and_no_formula() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a, \"b\"\nc"), "\"a, \"\"b\"\"\nc\"");
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("-1,2"), "\"'-1,2\"");
    }

    #[test]
    fn money_is_whole_micro_dollars() {
        let mut csv = String::new();
        let totals = CostTotals {
            total_cost_micros: 12_000_345,
            message_count: 2,
            ..CostTotals::default()
        };
        row(&mut csv, &["x"], &totals);
        assert_eq!(csv, "x,12.000345,2,0,0,0,0,0,0\r\n");
    }
}
