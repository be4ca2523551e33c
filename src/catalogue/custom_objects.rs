//! Records of custom objects: a stream for each object.

use super::StreamSpec;

pub(super) fn rows() -> Vec<StreamSpec> {
    vec![
        StreamSpec::incremental(
            "custom_object_records",
            "/api/v2/incremental/custom_objects/{custom_object}/cursor.json",
        )
        .needs("admin, or an agent with leave to read the object")
        .note(
            "`custom_object` names the object; further objects are declared under names of their own",
        ),
    ]
}
