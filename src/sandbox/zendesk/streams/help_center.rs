//! Articles and the community.

use super::super::stream::{Flavour, Paging, Stream};
use super::base;
use Paging::Either;

/// A vote on anything.
macro_rules! vote {
    ($of:literal) => {
        concat!(
            r#"{"url":$url(votes),"id":$id,"user_id":$ref(users),"value":1,"item_id":$parent,"item_type":""#,
            $of,
            r#"","weight":$int(9999999),"created_at":$created,"updated_at":$updated}"#
        )
    };
}

pub(in super::super) const STREAMS: &[Stream] = &[
    Stream::text("articles", base(80), concat!(
        r#"{"id":$id,"url":$url(help_center/articles),"html_url":"https://help.example.com/hc/articles/$id","#,
        r#""author_id":$ref(users),"comments_disabled":$bool,"draft":false,"promoted":$bool,"position":$int(9),"#,
        r#""vote_sum":$int(99),"vote_count":$int(99),"section_id":$ref(sections),"created_at":$created,"#,
        r#""updated_at":$updated,"name":$text,"title":$text,"source_locale":"en-us","locale":"en-us","outdated":false,"#,
        r#""outdated_locales":[],"edited_at":$updated,"user_segment_id":$ref(user_segments)?,"user_segment_ids":[],"#,
        r#""permission_group_id":$int(99),"content_tag_ids":["01H"],"label_names":["7"],"body":$text?}"#))
        .begins_with(20)
        .list("/api/v2/help_center/articles", Either)
        .time("/api/v2/help_center/incremental/articles", Flavour::Articles),
    Stream::text("sections", base(81), concat!(
        r#"{"id":$id,"url":$url(help_center/sections),"html_url":"https://help.example.com/hc/sections/$id","#,
        r#""category_id":$ref(categories),"position":$int(9),"sorting":"manual","created_at":$created,"updated_at":$updated,"#,
        r#""name":$text,"description":$text,"locale":"en-us","source_locale":"en-us","outdated":false,"#,
        r#""parent_section_id":null,"theme_template":"section_page"}"#))
        .list("/api/v2/help_center/sections", Either),
    Stream::text("categories", base(82), concat!(
        r#"{"id":$id,"url":$url(help_center/categories),"html_url":"https://help.example.com/hc/categories/$id","#,
        r#""position":$int(9),"created_at":$created,"updated_at":$updated,"name":$text,"description":$text,"#,
        r#""locale":"en-us","source_locale":"en-us","outdated":false}"#))
        .list("/api/v2/help_center/categories", Either),
    Stream::text("article_comments", base(83), concat!(
        r#"{"id":$id,"url":$url(help_center/comments),"html_url":"https://help.example.com/hc/comments/$id","#,
        r#""body":$text,"author_id":$ref(users),"source_id":$parent,"source_type":"Article","locale":"en-us","#,
        r#""created_at":$created,"updated_at":$updated,"vote_sum":$int(9),"vote_count":$int(9),"#,
        r#""non_author_editor_id":null,"non_author_updated_at":null}"#))
        .key("comments")
        .begins_with(30)
        .parent("articles")
        .child("/api/v2/help_center/articles/{}/comments", Either),
    Stream::text("article_votes", base(84), vote!("Article"))
        .key("votes")
        .begins_with(30)
        .parent("articles")
        .child("/api/v2/help_center/articles/{}/votes", Either),
    Stream::text("article_comment_votes", base(85), vote!("Comment"))
        .key("votes")
        .parent("article_comments")
        .child("/api/v2/help_center/articles/{}/comments/{}/votes", Either),
    Stream::text("article_attachments", base(86), concat!(
        r#"{"id":$id,"url":$url(help_center/articles/attachments),"article_id":$parent,"display_file_name":$text,"#,
        r#""file_name":$text,"content_url":"https://help.example.com/a/$id","content_type":"image/png","#,
        r#""size":$int(99999),"inline":false,"created_at":$created,"updated_at":$updated}"#))
        .parent("articles")
        .child("/api/v2/help_center/articles/{}/attachments", Either),
    Stream::text("translations", base(87), concat!(
        r#"{"id":$id,"url":$url(help_center/translations),"html_url":"https://help.example.com/hc/t/$id","#,
        r#""source_id":$parent,"source_type":"Article","locale":$kind(en-us|pl|uk|ja),"title":$text,"body":$text,"#,
        r#""outdated":false,"draft":$bool,"hidden":false,"created_at":$created,"updated_at":$updated,"#,
        r#""updated_by_id":$ref(users),"created_by_id":$ref(users)}"#))
        .begins_with(30)
        .parent("articles")
        .child("/api/v2/help_center/articles/{}/translations", Either),
    Stream::text("labels", base(88), r#"{"id":$id,"url":$url(help_center/articles/labels),"name":$text,"created_at":$created,"updated_at":$updated}"#)
        .list("/api/v2/help_center/articles/labels", Either),
    Stream::text("user_segments", base(89), concat!(
        r#"{"id":$id,"user_type":$pick(staff|signed_in_users),"name":$text,"built_in":false,"group_ids":[],"#,
        r#""organization_ids":[],"tags":[],"or_tags":[],"added_user_ids":[],"created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/help_center/user_segments", Either),
    Stream::text("topics", base(90), concat!(
        r#"{"id":$id,"url":$url(community/topics),"html_url":"https://help.example.com/hc/topics/$id","name":$text,"#,
        r#""description":$text?,"position":$int(9),"follower_count":$int(9),"community_id":1,"created_at":$created,"#,
        r#""updated_at":$updated,"manageable_by":"staff","user_segment_id":null}"#))
        .list("/api/v2/community/topics", Either),
    Stream::text("posts", base(91), concat!(
        r#"{"id":$id,"title":$text,"details":$text,"author_id":$ref(users),"vote_sum":$int(9),"vote_count":$int(9),"#,
        r#""comment_count":$int(9),"follower_count":$int(9),"topic_id":$ref(topics),"#,
        r#""html_url":"https://help.example.com/hc/posts/$id","url":$url(community/posts),"created_at":$created,"#,
        r#""updated_at":$updated,"featured":false,"pinned":$bool,"closed":false,"frozen":false,"#,
        r#""status":$pick(planned|answered|none),"non_author_editor_id":null,"non_author_updated_at":null,"content_tag_ids":[1]}"#))
        .begins_with(20)
        .list("/api/v2/community/posts", Either),
    Stream::text("post_comments", base(92), concat!(
        r#"{"id":$id,"body":$text,"author_id":$ref(users),"vote_sum":$int(9),"vote_count":$int(9),"official":$bool,"#,
        r#""html_url":"https://help.example.com/hc/c/$id","created_at":$created,"updated_at":$updated,"#,
        r#""url":$url(community/comments),"post_id":$parent,"non_author_editor_id":null,"non_author_updated_at":null}"#))
        .key("comments")
        .begins_with(30)
        .parent("posts")
        .child("/api/v2/community/posts/{}/comments", Either),
    Stream::text("post_votes", base(93), vote!("Post"))
        .key("votes")
        .parent("posts")
        .child("/api/v2/community/posts/{}/votes", Either),
    Stream::text("post_comment_votes", base(94), vote!("PostComment"))
        .key("votes")
        .parent("post_comments")
        .child("/api/v2/community/posts/{}/comments/{}/votes", Either),
];
