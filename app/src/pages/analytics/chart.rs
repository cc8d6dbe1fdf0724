//! Costs over time: bars, and the table behind them.

use leptos::prelude::*;

use crate::api::costs::Bar;
use crate::view;

/// Width of a bar with its gap, in the drawing's own units.
const STEP: usize = 10;

/// The bars are a picture with a name; what they show stands in the table below, which a summary opens.
pub fn chart(title: String, bars: Vec<Bar>) -> AnyView {
    let width = bars.len() * STEP;
    let view_box = format!("0 0 {width} 1000");
    let ends = (
        bars.first()
            .map(|bar| bar.label.clone())
            .unwrap_or_default(),
        bars.last().map(|bar| bar.label.clone()).unwrap_or_default(),
    );
    let drawn = bars
        .iter()
        .enumerate()
        .map(|(place, bar)| {
            let x = place * STEP + 1;
            let y = 1000 - bar.per_mille.min(1000);
            let words = format!("{}: {}, {} messages", bar.label, bar.cost, bar.messages);
            view! {
                <g>
                    <title>{words}</title>
                    <rect class="cost-bar-space" x=x.to_string() y="0" width="8" height="1000"></rect>
                    <rect class="cost-bar" x=x.to_string() y=y.to_string() width="8" height=bar.per_mille.to_string()></rect>
                </g>
            }
        })
        .collect_view();
    let rows = bars
        .into_iter()
        .map(|bar| {
            view! {
                <tr>
                    <th scope="row">{bar.label}</th>
                    <td class="cell-number">{bar.cost}</td>
                    <td class="cell-number">{bar.messages}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="settings-section">
            <h2 class="settings-section-title">{title.clone()}</h2>
            <div class="card cost-chart">
                <svg viewBox=view_box preserveAspectRatio="none" role="img" aria-label=title>{drawn}</svg>
                <p class="cost-axis"><span>{ends.0}</span><span>{ends.1}</span></p>
                <details class="cost-table">
                    <summary>"Show as a table"</summary>
                    <div class="table-wrap" tabindex="0">
                        <table class="table" aria-label="Cost over time">
                            <thead>
                                <tr>
                                    <th scope="col">"When"</th>
                                    <th scope="col">"Cost"</th>
                                    <th scope="col">"Messages"</th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </div>
                </details>
            </div>
        </section>
    }
    .into_any()
}
