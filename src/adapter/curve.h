// A loss curve as a picture: SVG 1.1, readable on light and dark grounds, without scripts or fonts
// from elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace understudy {

struct CurvePoint {
  double step = 0;
  double loss = 0;
};
struct Curve {
  std::string name;  // "train", "valid"
  std::vector<CurvePoint> points;
};

// Points that are not finite are left out. A long curve is thinned to what a picture shows. Where
// nothing is to be drawn, the picture says so.
std::string CurveSvg(const std::vector<Curve>& curves, std::string_view title);

json::array ToJson(const std::vector<Curve>& curves);  // [{"name", "points": [[step, loss], ...]}]

// Round numbers from at or below `low` to at or above `high`, about `wanted` of them: 1, 2 or 5
// times a power of ten apart. At least two.
std::vector<double> Ticks(double low, double high, int wanted);

}  // namespace understudy
