// The native addon: tfjs-node's own binding, extended by TensorFlow graph functions.
//
// This is one translation unit. It includes the two unpatched sources that the npm package ships, then adds methods
// with which JavaScript builds a TensorFlow graph node by node and registers it as a function. The function then runs
// like any other operation, by name, through the binding's own executeOp. Building a graph computes nothing:
// TF_FinishOperation infers type attributes, fills in defaults and runs shape inference.
//
// Symbolic ids (outputs of nodes that are being built) are negative: -1, -2, ... within their graph. Tensor ids
// (values) are the binding's own and are never negative.
//
// Methods added to the binding:
//   graphNew() -> graph                          graphDelete(graph)
//   graphOpDef(graph, op) -> Buffer              the serialised OpDef
//   graphOp(graph, op, node, inputs, attrs, device?, controls?) -> {id, dtype, shape | null}[]
//   graphConst(graph, node, dtype, shape, typedArray) -> {id, dtype, shape}
//   graphToFunction(graph, name, inputs, outputs, controls?)
//   removeFunction(name)
//   rawTensor(dtype, shape, typedArray) -> id    rawData(id) -> Buffer
//   tensorInfo(id) -> {shape, dtype}             liveHandles() -> number
//
// Every method either succeeds or throws a JavaScript Error. Failures inside are C++ exceptions, so that destructors
// free what was made; the wrapper `Method` turns them into a JavaScript Error.

// Everything that tfjs_backend.h includes must come before `private` is redefined around it.
#include <node_api.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/c_api_experimental.h"
#include "tensorflow/c/eager/c_api.h"

// The context and the handle map are private members of TFJSBackend. Without this, a patched copy would be needed.
#define private public
#include "binding/tfjs_backend.h"
#undef private
#include "binding/tfjs_backend.cc"

// The binding registers itself with NAPI_MODULE. Here loader.cc does that.
#undef NAPI_MODULE
#define NAPI_MODULE(name, init)
#include "binding/tfjs_binding.cc"

namespace rcsd {

using tfnodejs::TFJSBackend;

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* pointer) const { Free(pointer); }
};
using Status = std::unique_ptr<TF_Status, Freed<TF_Status, TF_DeleteStatus>>;
using Tensor = std::unique_ptr<TF_Tensor, Freed<TF_Tensor, TF_DeleteTensor>>;
using Handle = std::unique_ptr<TFE_TensorHandle, Freed<TFE_TensorHandle, TFE_DeleteTensorHandle>>;
using Function = std::unique_ptr<TF_Function, Freed<TF_Function, TF_DeleteFunction>>;
using ByteBuffer = std::unique_ptr<TF_Buffer, Freed<TF_Buffer, TF_DeleteBuffer>>;
using GraphHandle = std::unique_ptr<TF_Graph, Freed<TF_Graph, TF_DeleteGraph>>;

Status NewStatus() { return Status(TF_NewStatus()); }

void Check(const Status& status) {
  if (TF_GetCode(status.get()) != TF_OK) throw std::runtime_error(TF_Message(status.get()));
}

void Check(napi_status status, const char* expected) {
  if (status != napi_ok) throw std::invalid_argument(std::string("expected ") + expected);
}

// ---------------------------------------------------------------------------------------------------------------------
// JavaScript values to C++ and back

struct Value {
  napi_env env;
  napi_value js;

  napi_valuetype Type() const {
    napi_valuetype type;
    Check(napi_typeof(env, js, &type), "a value");
    return type;
  }
  bool Absent() const { return Type() == napi_undefined || Type() == napi_null; }
  bool IsArray() const {
    bool yes = false;
    Check(napi_is_array(env, js, &yes), "a value");
    return yes;
  }
  int64_t Int() const {
    const double exact = Double();
    if (std::trunc(exact) != exact || std::fabs(exact) > 9007199254740991.0) {
      throw std::invalid_argument("expected an integer");
    }
    return static_cast<int64_t>(exact);
  }
  double Double() const {
    double number;
    Check(napi_get_value_double(env, js, &number), "a number");
    return number;
  }
  bool Bool() const {
    bool yes;
    Check(napi_get_value_bool(env, js, &yes), "a boolean");
    return yes;
  }
  std::string String() const {
    size_t length = 0;
    Check(napi_get_value_string_utf8(env, js, nullptr, 0, &length), "a string");
    std::string text(length, '\0');
    Check(napi_get_value_string_utf8(env, js, &text[0], length + 1, &length), "a string");
    return text;
  }
  std::vector<Value> Array() const {
    uint32_t length = 0;
    Check(napi_get_array_length(env, js, &length), "an array");
    std::vector<Value> items(length, Value{env, nullptr});
    for (uint32_t i = 0; i < length; i++) Check(napi_get_element(env, js, i, &items[i].js), "an array element");
    return items;
  }
  Value Property(const char* name) const {
    Value property{env, nullptr};
    Check(napi_get_named_property(env, js, name, &property.js), "an object");
    return property;
  }
  template <typename T>
  std::vector<T> Map(const std::function<T(const Value&)>& read) const {
    std::vector<T> mapped;
    for (const Value& item : Array()) mapped.push_back(read(item));
    return mapped;
  }
  std::vector<int64_t> Ints() const {
    return Map<int64_t>([](const Value& item) { return item.Int(); });
  }
};

napi_value Number(napi_env env, double number) {
  napi_value js;
  Check(napi_create_double(env, number, &js), "a number");
  return js;
}

napi_value CopyToBuffer(napi_env env, const void* data, size_t length) {
  napi_value js;
  Check(napi_create_buffer_copy(env, length, data, nullptr, &js), "memory for a buffer");
  return js;
}

napi_value Dimensions(napi_env env, const std::vector<int64_t>& dimensions) {
  napi_value js;
  Check(napi_create_array_with_length(env, dimensions.size(), &js), "memory for an array");
  for (size_t i = 0; i < dimensions.size(); i++) {
    Check(napi_set_element(env, js, i, Number(env, static_cast<double>(dimensions[i]))), "an array");
  }
  return js;
}

napi_value Object(napi_env env, const std::vector<std::pair<const char*, napi_value>>& properties) {
  napi_value js;
  Check(napi_create_object(env, &js), "memory for an object");
  for (const auto& [name, value] : properties) Check(napi_set_named_property(env, js, name, value), "an object");
  return js;
}

// ---------------------------------------------------------------------------------------------------------------------
// Graphs under construction

struct Graph {
  GraphHandle tf{TF_NewGraph()};
  std::vector<TF_Output> outputs;  // symbolic id -1 is outputs[0], and so on

  TF_Output Output(int64_t id) const {
    if (id >= 0 || id < -static_cast<int64_t>(outputs.size())) {
      throw std::out_of_range("no symbolic tensor " + std::to_string(id) + " in this graph");
    }
    return outputs[-id - 1];
  }
  std::vector<TF_Output> Outputs(const Value& ids) const {
    return ids.Map<TF_Output>([this](const Value& id) { return Output(id.Int()); });
  }
  std::vector<TF_Operation*> Operations(const Value& ids) const {
    if (ids.Absent()) return {};
    return ids.Map<TF_Operation*>([this](const Value& id) { return Output(id.Int()).oper; });
  }
  int64_t Add(TF_Output output) {
    outputs.push_back(output);
    return -static_cast<int64_t>(outputs.size());
  }
};

// A JavaScript environment lives on one thread, so thread-local is the same as one table for each environment.
thread_local std::unordered_map<int64_t, Graph> graphs;
thread_local int64_t next_graph = 0;

Graph& FindGraph(const Value& id) {
  auto entry = graphs.find(id.Int());
  if (entry == graphs.end()) throw std::out_of_range("no graph " + std::to_string(id.Int()));
  return entry->second;
}

// Registers an output under a new symbolic id and describes it; the shape is null where the rank is unknown.
napi_value Describe(napi_env env, Graph& graph, TF_Output output) {
  Status status = NewStatus();
  const int rank = TF_GraphGetTensorNumDims(graph.tf.get(), output, status.get());
  Check(status);
  napi_value shape;
  if (rank < 0) {
    Check(napi_get_null(env, &shape), "null");
  } else {
    std::vector<int64_t> dimensions(rank);
    TF_GraphGetTensorShape(graph.tf.get(), output, dimensions.data(), rank, status.get());
    Check(status);
    shape = Dimensions(env, dimensions);
  }
  const napi_value dtype = Number(env, TF_OperationOutputType(output));
  return Object(env, {{"id", Number(env, graph.Add(output))}, {"dtype", dtype}, {"shape", shape}});
}

// A node description cannot be deleted, only finished. Everything that can throw is therefore read before
// TF_NewOperation: inputs and attributes are first turned into steps, and the steps are then applied without an exit in
// between.
using Step = std::function<void(TF_OperationDescription*)>;

Step InputStep(const Graph& graph, const Value& input) {
  if (input.IsArray()) {
    return [list = graph.Outputs(input)](TF_OperationDescription* node) {
      TF_AddInputList(node, list.data(), static_cast<int>(list.size()));
    };
  }
  return [output = graph.Output(input.Int())](TF_OperationDescription* node) { TF_AddInput(node, output); };
}

Step IntStep(const std::string& name, const Value& value) {
  if (value.IsArray()) {
    return [name, list = value.Ints()](TF_OperationDescription* node) {
      TF_SetAttrIntList(node, name.c_str(), list.data(), static_cast<int>(list.size()));
    };
  }
  return [name, number = value.Int()](TF_OperationDescription* node) { TF_SetAttrInt(node, name.c_str(), number); };
}

Step FloatStep(const std::string& name, const Value& value) {
  if (value.IsArray()) {
    auto list = value.Map<float>([](const Value& item) { return static_cast<float>(item.Double()); });
    return [name, list](TF_OperationDescription* node) {
      TF_SetAttrFloatList(node, name.c_str(), list.data(), static_cast<int>(list.size()));
    };
  }
  return [name, number = static_cast<float>(value.Double())](TF_OperationDescription* node) {
    TF_SetAttrFloat(node, name.c_str(), number);
  };
}

Step BoolStep(const std::string& name, const Value& value) {
  if (value.IsArray()) {
    auto list = value.Map<unsigned char>([](const Value& item) { return item.Bool() ? 1 : 0; });
    return [name, list](TF_OperationDescription* node) {
      TF_SetAttrBoolList(node, name.c_str(), list.data(), static_cast<int>(list.size()));
    };
  }
  return [name, yes = value.Bool()](TF_OperationDescription* node) { TF_SetAttrBool(node, name.c_str(), yes); };
}

Step TypeStep(const std::string& name, const Value& value) {
  if (value.IsArray()) {
    auto list = value.Map<TF_DataType>([](const Value& item) { return static_cast<TF_DataType>(item.Int()); });
    return [name, list](TF_OperationDescription* node) {
      TF_SetAttrTypeList(node, name.c_str(), list.data(), static_cast<int>(list.size()));
    };
  }
  return [name, type = static_cast<TF_DataType>(value.Int())](TF_OperationDescription* node) {
    TF_SetAttrType(node, name.c_str(), type);
  };
}

Step StringStep(const std::string& name, const Value& value) {
  if (value.IsArray()) {
    auto list = value.Map<std::string>([](const Value& item) { return item.String(); });
    return [name, list](TF_OperationDescription* node) {
      std::vector<const void*> starts;
      std::vector<size_t> lengths;
      for (const std::string& text : list) {
        starts.push_back(text.data());
        lengths.push_back(text.size());
      }
      TF_SetAttrStringList(node, name.c_str(), starts.data(), lengths.data(), static_cast<int>(list.size()));
    };
  }
  return [name, text = value.String()](TF_OperationDescription* node) {
    TF_SetAttrString(node, name.c_str(), text.data(), text.size());
  };
}

// A shape is itself an array of dimensions, so a list of shapes needs a type name of its own.
Step ShapeStep(const std::string& name, const Value& value) {
  return [name, shape = value.Ints()](TF_OperationDescription* node) {
    TF_SetAttrShape(node, name.c_str(), shape.data(), static_cast<int>(shape.size()));
  };
}

Step ShapesStep(const std::string& name, const Value& value) {
  auto list = value.Map<std::vector<int64_t>>([](const Value& item) { return item.Ints(); });
  return [name, list](TF_OperationDescription* node) {
    std::vector<const int64_t*> starts;
    std::vector<int> ranks;
    for (const std::vector<int64_t>& shape : list) {
      starts.push_back(shape.data());
      ranks.push_back(static_cast<int>(shape.size()));
    }
    TF_SetAttrShapeList(node, name.c_str(), starts.data(), ranks.data(), static_cast<int>(list.size()));
  };
}

// attr: {name, type: 'int' | 'float' | 'bool' | 'type' | 'string' | 'shape' | 'shapes', value}; an array value is a list.
Step AttrStep(const Value& attr) {
  static const std::unordered_map<std::string, Step (*)(const std::string&, const Value&)> kinds = {
      {"int", IntStep},       {"float", FloatStep}, {"bool", BoolStep},    {"type", TypeStep},
      {"string", StringStep}, {"shape", ShapeStep}, {"shapes", ShapesStep}};
  const std::string type = attr.Property("type").String();
  auto kind = kinds.find(type);
  if (kind == kinds.end()) throw std::invalid_argument("unknown attribute type " + type);
  return kind->second(attr.Property("name").String(), attr.Property("value"));
}

TF_Operation* AddNode(const Graph& graph, const std::string& op, const std::string& name,
                      const std::vector<Step>& steps) {
  TF_OperationDescription* node = TF_NewOperation(graph.tf.get(), op.c_str(), name.c_str());
  for (const Step& step : steps) step(node);
  Status status = NewStatus();
  TF_Operation* operation = TF_FinishOperation(node, status.get());  // frees the description, even when it fails
  Check(status);
  return operation;
}

// ---------------------------------------------------------------------------------------------------------------------
// Values

// A tensor of any fixed-width dtype, copied from a typed array (bfloat16 from a Uint16Array).
Tensor TensorFromArray(const Value& dtype, const Value& shape, const Value& array) {
  bool typed = false;
  Check(napi_is_typedarray(array.env, array.js, &typed), "a typed array");
  if (!typed) throw std::invalid_argument("expected a typed array");
  napi_typedarray_type kind;
  size_t length = 0;
  void* data = nullptr;
  Check(napi_get_typedarray_info(array.env, array.js, &kind, &length, &data, nullptr, nullptr), "a typed array");
  static const std::unordered_map<int, size_t> widths = {
      {napi_int16_array, 2}, {napi_uint16_array, 2},  {napi_int32_array, 4},    {napi_uint32_array, 4},
      {napi_float32_array, 4}, {napi_float64_array, 8}, {napi_bigint64_array, 8}, {napi_biguint64_array, 8}};
  const auto width = widths.find(kind);
  const size_t available = length * (width == widths.end() ? 1 : width->second);

  const TF_DataType type = static_cast<TF_DataType>(dtype.Int());
  const std::vector<int64_t> dimensions = shape.Ints();
  size_t bytes = TF_DataTypeSize(type);
  if (bytes == 0) throw std::invalid_argument("dtype " + std::to_string(type) + " has no fixed width");
  for (int64_t dimension : dimensions) {
    if (dimension < 0) throw std::invalid_argument("a dimension is negative");
    bytes *= static_cast<size_t>(dimension);
  }
  if (bytes != available) {
    throw std::invalid_argument("the shape needs " + std::to_string(bytes) + " bytes and the array has " +
                                std::to_string(available));
  }
  Tensor tensor(TF_AllocateTensor(type, dimensions.data(), static_cast<int>(dimensions.size()), bytes));
  if (bytes > 0) std::memcpy(TF_TensorData(tensor.get()), data, bytes);
  return tensor;
}

TFJSBackend& Backend(napi_env env) {
  TFJSBackend* backend = tfnodejs::GetTFJSBackend(env);
  if (backend == nullptr) throw std::runtime_error("the addon has no backend in this environment");
  return *backend;
}

TFE_TensorHandle* FindHandle(const Value& id) {
  const auto& handles = Backend(id.env).tfe_handle_map_;
  auto entry = handles.find(static_cast<int32_t>(id.Int()));
  if (entry == handles.end()) throw std::out_of_range("no tensor " + std::to_string(id.Int()));
  return entry->second;
}

// ---------------------------------------------------------------------------------------------------------------------
// The methods. `args` always has seven entries; missing ones are undefined.

using Args = std::vector<Value>;

napi_value GraphNew(napi_env env, const Args&) {
  graphs.emplace(next_graph, Graph());
  return Number(env, next_graph++);
}

napi_value GraphDelete(napi_env, const Args& args) {
  FindGraph(args[0]);
  graphs.erase(args[0].Int());
  return nullptr;
}

napi_value GraphOpDef(napi_env env, const Args& args) {
  Status status = NewStatus();
  ByteBuffer definition(TF_NewBuffer());
  const std::string op = args[1].String();
  TF_GraphGetOpDef(FindGraph(args[0]).tf.get(), op.c_str(), definition.get(), status.get());
  Check(status);
  return CopyToBuffer(env, definition->data, definition->length);
}

// `inputs` has one entry for each argument of the operation, an array where the argument is a list (even a list of
// one). An operation without outputs (an assignment) returns one entry of dtype 0, whose id can only be used for
// control edges.
napi_value GraphOp(napi_env env, const Args& args) {
  Graph& graph = FindGraph(args[0]);
  std::vector<Step> steps;
  for (const Value& input : args[3].Array()) steps.push_back(InputStep(graph, input));
  for (const Value& attr : args[4].Array()) steps.push_back(AttrStep(attr));
  if (!args[5].Absent()) {
    steps.push_back(
        [device = args[5].String()](TF_OperationDescription* node) { TF_SetDevice(node, device.c_str()); });
  }
  for (TF_Operation* control : graph.Operations(args[6])) {
    steps.push_back([control](TF_OperationDescription* node) { TF_AddControlInput(node, control); });
  }
  TF_Operation* operation = AddNode(graph, args[1].String(), args[2].String(), steps);

  const int count = TF_OperationNumOutputs(operation);
  napi_value infos;
  Check(napi_create_array_with_length(env, std::max(count, 1), &infos), "memory for an array");
  for (int i = 0; i < count; i++) {
    Check(napi_set_element(env, infos, i, Describe(env, graph, TF_Output{operation, i})), "an array");
  }
  if (count == 0) {
    napi_value none;
    Check(napi_get_null(env, &none), "null");
    const napi_value id = Number(env, graph.Add(TF_Output{operation, 0}));
    const napi_value info = Object(env, {{"id", id}, {"dtype", Number(env, 0)}, {"shape", none}});
    Check(napi_set_element(env, infos, 0, info), "an array");
  }
  return infos;
}

napi_value GraphConst(napi_env env, const Args& args) {
  Graph& graph = FindGraph(args[0]);
  const std::string name = args[1].String();
  const TF_DataType dtype = static_cast<TF_DataType>(args[2].Int());
  const Tensor tensor = TensorFromArray(args[2], args[3], args[4]);
  Status status = NewStatus();
  TF_Operation* operation = AddNode(graph, "Const", name, {[&](TF_OperationDescription* node) {
                                      TF_SetAttrType(node, "dtype", dtype);
                                      TF_SetAttrTensor(node, "value", tensor.get(), status.get());
                                    }});
  Check(status);
  return Describe(env, graph, TF_Output{operation, 0});
}

// Copies the whole graph into a function of the eager context; the graph may be deleted right afterwards. Inputs must
// be Placeholder outputs. An output that is also an input needs an Identity in between. `controls` are nodes that must
// run although no output depends on them.
napi_value GraphToFunction(napi_env env, const Args& args) {
  const Graph& graph = FindGraph(args[0]);
  const std::string name = args[1].String();
  const std::vector<TF_Output> inputs = graph.Outputs(args[2]);
  const std::vector<TF_Output> outputs = graph.Outputs(args[3]);
  const std::vector<TF_Operation*> controls = graph.Operations(args[4]);
  std::vector<std::string> control_names;
  for (TF_Operation* control : controls) control_names.push_back(std::string("control_") + TF_OperationName(control));
  std::vector<const char*> control_starts;
  for (const std::string& control : control_names) control_starts.push_back(control.c_str());

  Status status = NewStatus();
  constexpr int kWholeGraph = -1;
  const Function function(TF_GraphToFunctionWithControlOutputs(
      graph.tf.get(), name.c_str(), /*append_hash_to_fn_name=*/0, kWholeGraph, /*opers=*/nullptr,
      static_cast<int>(inputs.size()), inputs.data(), static_cast<int>(outputs.size()), outputs.data(),
      /*output_names=*/nullptr, static_cast<int>(controls.size()), controls.data(), control_starts.data(),
      /*opts=*/nullptr, /*description=*/nullptr, status.get()));
  Check(status);
  TFE_ContextAddFunction(Backend(env).tfe_context_, function.get(), status.get());
  Check(status);
  return nullptr;
}

napi_value RemoveFunction(napi_env env, const Args& args) {
  Status status = NewStatus();
  const std::string name = args[0].String();
  TFE_ContextRemoveFunction(Backend(env).tfe_context_, name.c_str(), status.get());
  Check(status);
  return nullptr;
}

// Like the binding's createTensor, but for any fixed-width dtype, and with the same rule for devices: int32 stays in
// host memory, where most GPU kernels expect it.
napi_value RawTensor(napi_env env, const Args& args) {
  const Tensor tensor = TensorFromArray(args[0], args[1], args[2]);
  TFJSBackend& backend = Backend(env);
  Status status = NewStatus();
  Handle handle(TFE_NewTensorHandle(tensor.get(), status.get()));
  Check(status);
  if (backend.is_gpu_device && TF_TensorType(tensor.get()) != TF_INT32) {
    handle.reset(TFE_TensorHandleCopyToDevice(handle.get(), backend.tfe_context_, backend.device_name.c_str(),
                                              status.get()));
    Check(status);
  }
  return Number(env, backend.InsertHandle(handle.release()));
}

napi_value RawData(napi_env env, const Args& args) {
  Status status = NewStatus();
  TFE_TensorHandle* handle = FindHandle(args[0]);
  if (TF_DataTypeSize(TFE_TensorHandleDataType(handle)) == 0) {
    throw std::invalid_argument("the tensor's dtype has no fixed width");
  }
  const Tensor tensor(TFE_TensorHandleResolve(handle, status.get()));
  Check(status);
  return CopyToBuffer(env, TF_TensorData(tensor.get()), TF_TensorByteSize(tensor.get()));
}

napi_value TensorInfo(napi_env env, const Args& args) {
  TFE_TensorHandle* handle = FindHandle(args[0]);
  Status status = NewStatus();
  const int rank = TFE_TensorHandleNumDims(handle, status.get());
  Check(status);
  std::vector<int64_t> dimensions(rank);
  for (int i = 0; i < rank; i++) {
    dimensions[i] = TFE_TensorHandleDim(handle, i, status.get());
    Check(status);
  }
  const napi_value dtype = Number(env, TFE_TensorHandleDataType(handle));
  return Object(env, {{"shape", Dimensions(env, dimensions)}, {"dtype", dtype}});
}

napi_value LiveHandles(napi_env env, const Args&) {
  return Number(env, static_cast<double>(Backend(env).tfe_handle_map_.size()));
}

// ---------------------------------------------------------------------------------------------------------------------
// Registration

template <napi_value (*Body)(napi_env, const Args&)>
napi_value Method(napi_env env, napi_callback_info info) {
  constexpr size_t kMostArguments = 7;
  size_t count = kMostArguments;
  napi_value values[kMostArguments];  // napi fills in undefined for missing arguments
  try {
    Check(napi_get_cb_info(env, info, &count, values, nullptr, nullptr), "arguments");
    Args args;
    for (napi_value value : values) args.push_back(Value{env, value});
    return Body(env, args);
  } catch (const std::exception& error) {
    // A getter of the caller's own object may have thrown already; then that error is kept.
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, nullptr, error.what());
    return nullptr;
  }
}

napi_value Initialise(napi_env env, napi_value exports) {
  exports = tfnodejs::InitTFNodeJSBinding(env, exports);
  const std::pair<const char*, napi_callback> methods[] = {
      {"graphNew", Method<GraphNew>},
      {"graphDelete", Method<GraphDelete>},
      {"graphOpDef", Method<GraphOpDef>},
      {"graphOp", Method<GraphOp>},
      {"graphConst", Method<GraphConst>},
      {"graphToFunction", Method<GraphToFunction>},
      {"removeFunction", Method<RemoveFunction>},
      {"rawTensor", Method<RawTensor>},
      {"rawData", Method<RawData>},
      {"tensorInfo", Method<TensorInfo>},
      {"liveHandles", Method<LiveHandles>},
  };
  for (const auto& [name, callback] : methods) {
    const napi_property_descriptor property = {name,    nullptr, callback,     nullptr,
                                               nullptr, nullptr, napi_default, nullptr};
    if (napi_define_properties(env, exports, 1, &property) != napi_ok) return nullptr;
  }
  return exports;
}

}  // namespace rcsd

// Called by loader.cc, which is the file that Node loads.
extern "C" __attribute__((visibility("default"))) napi_value rcsd_initialise(napi_env env, napi_value exports) {
  return rcsd::Initialise(env, exports);
}
