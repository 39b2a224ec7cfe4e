#include "models/model_info.h"

namespace understudy {
namespace {

PrivacyZone ZoneOf(const ModelOptions& options) {
  if (options.zone == "local") return PrivacyZone::kLocal;
  if (options.zone == "private") return PrivacyZone::kPrivate;
  if (options.zone == "cloud") return PrivacyZone::kCloud;
  return options.kind == "openai" ? PrivacyZone::kCloud : PrivacyZone::kLocal;
}

}  // namespace

ModelInfo MakeModelInfo(const ModelOptions& options) {
  ModelInfo info;
  info.name = options.name;
  info.kind = options.kind;
  info.upstream_model = options.model;
  info.is_small = options.small || options.kind == "local";
  info.zone = ZoneOf(options);
  info.price.input_usd = options.input_usd;
  info.price.cached_input_usd =
      options.cached_input_usd < 0 ? options.input_usd : options.cached_input_usd;
  info.price.output_usd = options.output_usd;
  info.can_embed = options.kind == "openai";
  return info;
}

}  // namespace understudy
