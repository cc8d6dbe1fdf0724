//! What reviewers think: of each the latest word that decides something.

use std::collections::HashMap;

use url::Url;

use super::Github;
use super::wire::{Review, count};
use crate::{Access, ForgeError};

/// A hundred reviews each.
const MOST_PAGES: usize = 5;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reviews {
    pub reviewer_count: i32,
    pub is_approved: bool,
    pub has_changes_requested: bool,
}

impl Github {
    pub(super) async fn reviews(
        &self,
        access: &Access,
        pull_request: Url,
    ) -> Result<Reviews, ForgeError> {
        let mut url = pull_request;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push("reviews");
        }
        url.set_query(Some("per_page=100"));
        let pages = self.pages::<Vec<Review>>(access, url, MOST_PAGES).await?;
        Ok(taken_together(pages.iter().flatten()))
    }
}

/// They come in the order in which they were made.
fn taken_together<'a>(reviews: impl Iterator<Item = &'a Review>) -> Reviews {
    let mut latest: HashMap<i64, &str> = HashMap::new();
    for review in reviews {
        let is_decisive = matches!(
            review.state.as_str(),
            "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED"
        );
        if let Some(person) = review.user.as_ref().filter(|_| is_decisive) {
            latest.insert(person.id, review.state.as_str());
        }
    }
    let has = |state: &str| latest.values().any(|latest| *latest == state);
    let has_changes_requested = has("CHANGES_REQUESTED");
    Reviews {
        reviewer_count: count(i64::try_from(latest.len()).unwrap_or(i64::MAX)),
        is_approved: has("APPROVED") && !has_changes_requested,
        has_changes_requested,
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::Person;
    use super::*;

    fn together(reviews: &[(i64, &str)]) -> (i32, bool, bool) {
        let reviews: Vec<Review> = reviews
            .iter()
            .map(|(id, state)| Review {
                user: (*id != 0).then(|| Person {
                    id: *id,
                    login: String::new(),
                    avatar_url: None,
                }),
                state: (*state).to_owned(),
            })
            .collect();
        let reviews = taken_together(reviews.iter());
        (
            reviews.reviewer_count,
            reviews.is_approved,
            reviews.has_changes_requested,
        )
    }

    #[test]
    fn the_latest_word_of_each_reviewer_counts() {
        assert_eq!(together(&[]), (0, false, false));
        assert_eq!(
            together(&[(1, "COMMENTED"), (2, "PENDING")]),
            (0, false, false)
        );
        assert_eq!(
            together(&[(1, "APPROVED"), (1, "COMMENTED")]),
            (1, true, false)
        );
        assert_eq!(
            together(&[(1, "CHANGES_REQUESTED"), (1, "APPROVED")]),
            (1, true, false)
        );
        assert_eq!(
            together(&[(1, "APPROVED"), (2, "CHANGES_REQUESTED")]),
            (2, false, true)
        );
        assert_eq!(
            together(&[(1, "CHANGES_REQUESTED"), (1, "DISMISSED")]),
            (1, false, false)
        );
        assert_eq!(together(&[(0, "APPROVED")]), (0, false, false));
    }
}
