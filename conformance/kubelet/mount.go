package kubelet

import (
	"encoding/base64"
	"os"
	"path/filepath"

	"gwctl.dev/conformance/object"
)

// mount writes the volumes of a Pod's container, and gives the directory of each mount path.
func (k *Kubelet) mount(template, container object.Object, namespace, name string) (map[string]string, error) {
	mounts := map[string]string{}
	for _, mount := range object.List(container, "volumeMounts") {
		for _, volume := range object.List(template, "spec", "volumes") {
			if object.String(volume, "name") != object.String(mount, "name") {
				continue
			}
			directory := filepath.Join(k.Dir, namespace, name, object.String(volume, "name"))
			if err := os.MkdirAll(directory, 0o700); err != nil {
				return nil, err
			}
			mounts[object.String(mount, "mountPath")] = directory
			if err := k.fill(volume, namespace, directory); err != nil {
				return nil, err
			}
		}
	}
	return mounts, nil
}

// fill writes what a volume takes from a Secret or a ConfigMap.
func (k *Kubelet) fill(volume object.Object, namespace, directory string) error {
	if secret := object.Child(volume, "secret"); secret != nil {
		return k.write("Secret", namespace, object.String(secret, "secretName"), object.List(secret, "items"), directory)
	}
	if config := object.Child(volume, "configMap"); config != nil {
		return k.write("ConfigMap", namespace, object.String(config, "name"), object.List(config, "items"), directory)
	}
	return nil
}

func (k *Kubelet) write(kind, namespace, name string, items []object.Object, directory string) error {
	for _, stored := range k.Server.List(kind) {
		if object.ID(stored) != namespace+"/"+name {
			continue
		}
		for key, value := range object.Child(stored, "data") {
			path := pathOf(key, items)
			if path == "" {
				continue
			}
			text, _ := value.(string)
			data := []byte(text)
			if kind == "Secret" {
				decoded, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					return err
				}
				data = decoded
			}
			if err := os.WriteFile(filepath.Join(directory, path), data, 0o600); err != nil {
				return err
			}
		}
		return nil
	}
	return errWaiting
}

// pathOf is the file of a key: the key itself, unless items choose; empty for a key that none of them chooses.
func pathOf(key string, items []object.Object) string {
	if len(items) == 0 {
		return key
	}
	for _, item := range items {
		if object.String(item, "key") == key {
			return object.String(item, "path")
		}
	}
	return ""
}
