//! Help centre and community. Zendesk answers 404 while they are not activated.

use super::{Pagination, StreamSpec};
use Pagination::Cursor;

pub(super) fn rows() -> Vec<StreamSpec> {
    vec![
        StreamSpec::time("articles", "/api/v2/help_center/incremental/articles.json")
            .listed_at("/api/v2/help_center/articles.json")
            .needs("agent")
            .note("deleted articles do not show"),
        StreamSpec::list("sections", "/api/v2/help_center/sections.json", Cursor),
        StreamSpec::list("categories", "/api/v2/help_center/categories.json", Cursor),
        StreamSpec::children(
            "article_comments",
            "articles",
            "/api/v2/help_center/articles/{id}/comments.json",
        )
        .key("comments"),
        StreamSpec::children(
            "article_votes",
            "articles",
            "/api/v2/help_center/articles/{id}/votes.json",
        )
        .key("votes"),
        StreamSpec::children(
            "article_comment_votes",
            "article_comments",
            "/api/v2/help_center/articles/{source_id}/comments/{id}/votes.json",
        )
        .key("votes"),
        StreamSpec::children(
            "article_attachments",
            "articles",
            "/api/v2/help_center/articles/{id}/attachments.json",
        ),
        StreamSpec::children(
            "translations",
            "articles",
            "/api/v2/help_center/articles/{id}/translations.json",
        ),
        StreamSpec::list("labels", "/api/v2/help_center/articles/labels.json", Cursor),
        StreamSpec::list(
            "user_segments",
            "/api/v2/help_center/user_segments.json",
            Cursor,
        ),
        StreamSpec::list("topics", "/api/v2/community/topics.json", Cursor),
        StreamSpec::list("posts", "/api/v2/community/posts.json", Cursor),
        StreamSpec::children(
            "post_comments",
            "posts",
            "/api/v2/community/posts/{id}/comments.json",
        )
        .key("comments"),
        StreamSpec::children(
            "post_votes",
            "posts",
            "/api/v2/community/posts/{id}/votes.json",
        )
        .key("votes"),
        StreamSpec::children(
            "post_comment_votes",
            "post_comments",
            "/api/v2/community/posts/{post_id}/comments/{id}/votes.json",
        )
        .key("votes"),
    ]
}
