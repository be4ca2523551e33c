//! The files that deploy the image say the same as the Dockerfile.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect("the file can be read")
}

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn manifest(name: &str) -> Value {
    yaml(&format!("deploy/kubernetes/{name}.yaml"))
}

/// What follows the first `word` of the Dockerfile, up to the end of its line.
fn of_dockerfile(word: &str) -> String {
    let dockerfile = text("Dockerfile");
    let mut lines = dockerfile.lines().map(str::trim_start);
    let found = lines.find_map(|line| line.strip_prefix(word));
    let found = found.unwrap_or_else(|| panic!("`{word}` is not in the Dockerfile"));
    found.trim_end_matches(['\\', ' ']).to_owned()
}

/// The image's user and group, the only ones it knows.
fn ids() -> [Value; 2] {
    let user = of_dockerfile("USER ");
    let (user, group) = user.split_once(':').expect("a user and a group");
    [user, group].map(|id| id.parse::<u64>().expect("a number").into())
}

#[test]
fn compose_runs_the_image_as_it_is_meant_to_be_run() {
    let service = &yaml("deploy/compose.yaml")["services"]["zendesk-aep"];
    assert_eq!(service["user"], of_dockerfile("USER "));
    assert_eq!(service["read_only"], true);
    assert_eq!(service["cap_drop"][0], "ALL");
    assert_eq!(service["security_opt"][0], "no-new-privileges:true");
    let volumes = service["volumes"].as_array().expect("a list");
    let volumes: Vec<&str> = volumes.iter().filter_map(Value::as_str).collect();
    let config = of_dockerfile("ENV ZENDESK_AEP_CONFIG=");
    let state = of_dockerfile("ZENDESK_AEP__STATE__DIRECTORY=");
    assert_eq!(
        volumes,
        [
            format!("./config.toml:{config}:ro"),
            format!("state:{state}")
        ]
    );
    let check = service["healthcheck"]["test"].as_array().expect("a list");
    let check: Vec<String> = check.iter().map(Value::to_string).collect();
    let of_image = of_dockerfile("CMD [");
    assert_eq!(check[1..].join(", "), of_image.trim_end_matches(']'));
}

#[test]
fn kubernetes_runs_the_image_as_it_is_meant_to_be_run() {
    let deployment = manifest("deployment");
    let spec = &deployment["spec"];
    assert_eq!(spec["replicas"], 1);
    assert_eq!(spec["strategy"]["type"], "Recreate");
    let pod = &spec["template"]["spec"];
    let [user, group] = ids();
    assert_eq!(pod["securityContext"]["runAsUser"], user);
    for key in ["runAsGroup", "fsGroup"] {
        assert_eq!(pod["securityContext"][key], group, "{key}");
    }
    let container = &pod["containers"][0];
    let port = &container["ports"][0];
    let listen = of_dockerfile("ZENDESK_AEP__STATUS__LISTEN=");
    let (_, of_image) = listen.split_once(':').expect("a port");
    assert_eq!(port["containerPort"].to_string(), of_image);
    assert_eq!(of_dockerfile("EXPOSE "), of_image);
    let variable = &container["env"][0];
    assert_eq!(variable["name"], "ZENDESK_AEP__STATUS__LISTEN");
    assert_eq!(variable["value"], format!("0.0.0.0:{of_image}"));
    for (probe, page) in [
        ("startup", "/livez"),
        ("liveness", "/livez"),
        ("readiness", "/readyz"),
    ] {
        let asked = &container[format!("{probe}Probe")]["httpGet"];
        assert_eq!(asked["path"], page);
        assert_eq!(asked["port"], port["name"]);
    }
    let mounts = container["volumeMounts"].as_array().expect("a list");
    let mounted = |name: &str| {
        let found = mounts.iter().find(|mount| mount["name"] == name);
        found
            .and_then(|mount| mount["mountPath"].as_str())
            .expect("a path")
    };
    let config = of_dockerfile("ENV ZENDESK_AEP_CONFIG=");
    assert_eq!(format!("{}/config.toml", mounted("config")), config);
    assert_eq!(
        mounted("state"),
        of_dockerfile("ZENDESK_AEP__STATE__DIRECTORY=")
    );
    let policy = manifest("networkpolicy");
    let ingress = &policy["spec"]["ingress"][0]["ports"][0]["port"];
    assert_eq!(ingress, &port["containerPort"]);
    let labels = &spec["template"]["metadata"]["labels"];
    for selector in [
        &spec["selector"],
        &policy["spec"]["podSelector"],
        &manifest("poddisruptionbudget")["spec"]["selector"],
    ] {
        assert_eq!(&selector["matchLabels"], labels);
    }
}

/// What the profile `restricted` of Pod Security wants.
#[test]
fn the_pod_is_restricted() {
    let deployment = manifest("deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(
        pod["securityContext"]["seccompProfile"]["type"],
        "RuntimeDefault"
    );
    let container = &pod["containers"][0]["securityContext"];
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["capabilities"]["drop"][0], "ALL");
    let namespace = manifest("namespace");
    assert_eq!(
        namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"],
        "restricted"
    );
}

#[test]
fn the_kustomization_names_every_manifest_but_the_secret() {
    let mut files: Vec<String> = std::fs::read_dir(path("deploy/kubernetes"))
        .expect("the folder can be read")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| !["kustomization.yaml", "secret.example.yaml"].contains(&name.as_str()))
        .collect();
    let mut named: Vec<String> =
        serde_json::from_value(manifest("kustomization")["resources"].take()).expect("names");
    files.sort();
    named.sort();
    assert_eq!(named, files);
    let secret = manifest("secret.example");
    let values = secret["stringData"].as_object().expect("values");
    assert!(
        values.values().all(|value| value == ""),
        "it holds no secret"
    );
    let claim = &manifest("persistentvolumeclaim")["metadata"]["name"];
    let volumes = &manifest("deployment")["spec"]["template"]["spec"]["volumes"];
    assert_eq!(&volumes[2]["persistentVolumeClaim"]["claimName"], claim);
    assert_eq!(
        volumes[1]["secret"]["secretName"],
        secret["metadata"]["name"]
    );
}

/// The configuration in the ConfigMap lacks nothing but what is to be filled in.
#[tokio::test]
async fn the_config_map_holds_a_configuration() {
    let world = crate::support::World::new().await;
    let map = manifest("configmap");
    let config = map["data"]["config.toml"].as_str().expect("a file");
    let config = world.write("kubernetes.toml", config).display().to_string();
    let shown = world.run(&["state", "show", "--config", &config]).await;
    assert!(!shown.stderr.contains("fault"), "{}", shown.stderr);
}
