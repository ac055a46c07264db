# What users get: the program, the shared and the static library, and the folder layout by which the program finds its
# headers and the DuckDB library relative to itself:
#
#     build tree   build/neuralake       build/include ─▶ include/   build/lib/neuralake/libduckdb.so ─▶ where it is
#     installed    PREFIX/bin/neuralake  PREFIX/include/             PREFIX/lib/neuralake/libduckdb.so
set(LIBRARY_ROOMS ${ROOMS})
list(FILTER LIBRARY_ROOMS EXCLUDE REGEX "^(cli$|server/)") # programs are not for linking

# ── the shared library ──
add_library(neuralake_shared SHARED)
take_rooms(neuralake_shared ${LIBRARY_ROOMS})
set_target_properties(neuralake_shared PROPERTIES OUTPUT_NAME neuralake VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
if(NOT NEURALAKE_SANITIZE)
    target_link_options(neuralake_shared PRIVATE -Wl,-z,defs)
endif()

# ── the static library: one relocatable object whose hidden symbols are local, so that ours never meet the user's ──
set(static_objects)
foreach(room IN LISTS LIBRARY_ROOMS)
    string(REPLACE "/" "_" id "${room}")
    if(TARGET room_${id})
        list(APPEND static_objects $<TARGET_OBJECTS:room_${id}>)
    endif()
endforeach()
add_custom_command(OUTPUT libneuralake.a
    COMMAND ${CMAKE_LINKER} -r -o neuralake_all.o ${static_objects}
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden neuralake_all.o
    COMMAND ${CMAKE_COMMAND} -E rm -f libneuralake.a
    COMMAND ${CMAKE_AR} crsD libneuralake.a neuralake_all.o
    DEPENDS ${static_objects} COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(neuralake_static ALL DEPENDS libneuralake.a)

# ── the program ──
if(EXISTS ${PROJECT_SOURCE_DIR}/src/cli/main.c)
    add_executable(neuralake)
    take_rooms(neuralake ${ROOMS})
    set_target_properties(neuralake PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS src/cli)

# ── the folders beside the program ──
# The link to DuckDB may dangle until `npm ci` has run: everything but SQL works without it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(DUCKDB_LIBRARY ${PROJECT_SOURCE_DIR}/node_modules/@duckdb/node-bindings-linux-arm64/libduckdb.so)
else()
    set(DUCKDB_LIBRARY ${PROJECT_SOURCE_DIR}/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so)
endif()
if(DUCKDB_ROOT)
    foreach(candidate ${DUCKDB_ROOT}/lib/libduckdb.so ${DUCKDB_ROOT}/libduckdb.so)
        if(EXISTS ${candidate})
            set(DUCKDB_LIBRARY ${candidate})
        endif()
    endforeach()
endif()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib/neuralake)
file(CREATE_LINK ${DUCKDB_LIBRARY} ${PROJECT_BINARY_DIR}/lib/neuralake/libduckdb.so SYMBOLIC)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include SYMBOLIC)
