#include "adapter/curve.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/markup.h"

namespace understudy {
namespace {

constexpr double kWidth = 720, kHeight = 360;
constexpr double kLeft = 64, kRight = 24, kTop = 44, kBottom = 48;
constexpr size_t kMostPoints = 600;  // nearly one a pixel
constexpr std::array<std::string_view, 4> kColours{"#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd"};

// Means of equal runs, so that noise stays visible as a mean and not as its accidents.
std::vector<CurvePoint> Thinned(const std::vector<CurvePoint>& points) {
  std::vector<CurvePoint> finite;
  std::ranges::copy_if(points, std::back_inserter(finite), [](const CurvePoint& point) {
    return std::isfinite(point.step) && std::isfinite(point.loss);
  });
  if (finite.size() <= kMostPoints) return finite;
  std::vector<CurvePoint> out;
  for (size_t i = 0; i < kMostPoints; ++i) {
    const size_t begin = i * finite.size() / kMostPoints;
    const size_t end = (i + 1) * finite.size() / kMostPoints;
    CurvePoint mean;
    for (size_t at = begin; at < end; ++at) {
      mean.step += finite[at].step / static_cast<double>(end - begin);
      mean.loss += finite[at].loss / static_cast<double>(end - begin);
    }
    out.push_back(mean);
  }
  return out;
}

// Where values lie in the picture.
struct Frame {
  std::vector<double> x_ticks, y_ticks;
  double X(double step) const {
    const double share = (step - x_ticks.front()) / (x_ticks.back() - x_ticks.front());
    return kLeft + share * (kWidth - kLeft - kRight);
  }
  double Y(double loss) const {
    const double share = (loss - y_ticks.front()) / (y_ticks.back() - y_ticks.front());
    return kHeight - kBottom - share * (kHeight - kTop - kBottom);
  }
};

Frame FrameOf(const std::vector<Curve>& curves) {
  double right = 0, low = INFINITY, high = -INFINITY;
  for (const Curve& curve : curves) {
    for (const CurvePoint& point : curve.points) {
      right = std::max(right, point.step);
      low = std::min(low, point.loss);
      high = std::max(high, point.loss);
    }
  }
  // Losses begin at 0 where that does not flatten them.
  return {Ticks(0, right, 8), Ticks(low < high / 2 ? std::min(0.0, low) : low, high, 6)};
}

std::string Axes(const Frame& frame) {
  const double bottom = kHeight - kBottom, right = kWidth - kRight;
  std::string out;
  for (const double tick : frame.y_ticks) {
    const double y = frame.Y(tick);
    out += fmt::format(R"(<line class="grid" x1="{}" y1="{:.1f}" x2="{}" y2="{:.1f}"/>)", kLeft, y,
                       right, y);
    out += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{:.6g}</text>)", kLeft - 8,
                       y + 4, tick);
    out += '\n';
  }
  for (const double tick : frame.x_ticks) {
    const double x = frame.X(tick);
    out += fmt::format(R"(<line class="axis" x1="{:.1f}" y1="{}" x2="{:.1f}" y2="{}"/>)", x, bottom,
                       x, bottom + 5);
    out += fmt::format(R"(<text x="{:.1f}" y="{}" text-anchor="middle">{:.7g}</text>)", x,
                       bottom + 20, tick);
    out += '\n';
  }
  out += fmt::format(R"(<path class="axis" d="M{0} {1}V{2}H{3}"/>)", kLeft, kTop, bottom, right);
  out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">step</text>\n",
                     (kLeft + right) / 2, kHeight - 8);
  out += fmt::format(
      "<text x=\"16\" y=\"{0}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {0})\">"
      "loss</text>\n",
      (kTop + bottom) / 2);
  return out;
}

std::string Line(const Curve& curve, const Frame& frame, size_t number) {
  const std::string_view colour = kColours[number % kColours.size()];
  const double legend = kWidth - kRight - 110;
  const double legend_y = kTop + 8 + 18 * static_cast<double>(number);
  std::string out = fmt::format(R"(<polyline stroke="{}" points=")", colour);
  for (const CurvePoint& point : curve.points) {
    out += fmt::format("{:.1f},{:.1f} ", frame.X(point.step), frame.Y(point.loss));
  }
  out += "\"/>\n";
  if (curve.points.size() <= 40) {
    for (const CurvePoint& point : curve.points) {
      out += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>)",
                         frame.X(point.step), frame.Y(point.loss), colour);
    }
  }
  out += fmt::format(R"(<line stroke="{}" stroke-width="2" x1="{}" y1="{}" x2="{}" y2="{}"/>)",
                     colour, legend, legend_y, legend + 20, legend_y);
  out += fmt::format("<text x=\"{}\" y=\"{}\">{} {:.4g}</text>\n", legend + 26, legend_y + 4,
                     EscapeMarkup(curve.name), curve.points.back().loss);
  return out;
}

}  // namespace

std::vector<double> Ticks(double low, double high, int wanted) {
  if (!(high > low)) high = low + (low == 0 ? 1 : std::abs(low));
  const double rough = (high - low) / std::max(wanted - 1, 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * 0.999) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9);
  for (double i = first; ticks.size() < 2 || ticks.back() < high - step * 1e-9; ++i) {
    ticks.push_back(i * step + 0.0);
  }
  return ticks;
}

std::string CurveSvg(const std::vector<Curve>& curves, std::string_view title) {
  std::vector<Curve> drawn;
  for (const Curve& curve : curves) {
    Curve thin{curve.name, Thinned(curve.points)};
    if (!thin.points.empty()) drawn.push_back(std::move(thin));
  }
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\">\n<title>{2}</title>\n"
      "<style>text{{font:12px sans-serif;fill:#666}}.grid{{stroke:#8883}}"
      ".axis{{stroke:#888;fill:none}}polyline{{fill:none;stroke-width:1.5}}</style>\n"
      "<text x=\"{3}\" y=\"24\" style=\"font-size:15px\">{2}</text>\n",
      kWidth, kHeight, EscapeMarkup(title), kLeft);
  if (drawn.empty()) {
    out += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">no losses were recorded</text>\n",
        kWidth / 2, kHeight / 2);
  } else {
    const Frame frame = FrameOf(drawn);
    out += Axes(frame);
    for (size_t i = 0; i < drawn.size(); ++i) out += Line(drawn[i], frame, i);
  }
  return out + "</svg>\n";
}

json::array ToJson(const std::vector<Curve>& curves) {
  json::array out;
  for (const Curve& curve : curves) {
    json::array points;
    for (const CurvePoint& point : curve.points) {
      if (!std::isfinite(point.step) || !std::isfinite(point.loss)) continue;
      points.push_back(json::array{point.step, point.loss});
    }
    out.push_back(json::object{{"name", curve.name}, {"points", std::move(points)}});
  }
  return out;
}

}  // namespace understudy
