# Which libraries each room links, by the name that pkg-config knows ("snappy" and "m" have no need of it). The Debian
# packages behind the names stand in scripts/packages.txt. Nothing here is used by two rooms because "somebody may need
# it": a room that stops using a library loses its line.
set(DEPS_base libxxhash)
set(DEPS_s3proto libcrypto expat)
set(DEPS_store libcurl libcrypto expat jansson)
set(DEPS_parquet libzstd snappy libdeflate libbrotlidec libbrotlienc liblz4 libxxhash jansson)
set(DEPS_catalog jansson libfyaml)
set(DEPS_sql jansson)
set(DEPS_server_http libmicrohttpd)
set(DEPS_server_s3 libcrypto expat libfyaml jansson)
set(DEPS_cli smartcols jansson)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# The imported target of one library; found once, and only when a room that is built wants it.
function(find_dependency_target name out)
    if(name STREQUAL "m")
        set(${out} m PARENT_SCOPE)
        return()
    endif()
    if(name STREQUAL "snappy") # Debian's package has no .pc file in every release
        if(NOT TARGET Snappy)
            find_library(SNAPPY_LIBRARY snappy REQUIRED)
            find_path(SNAPPY_INCLUDE snappy-c.h REQUIRED)
            mark_as_advanced(SNAPPY_LIBRARY SNAPPY_INCLUDE)
            add_library(Snappy UNKNOWN IMPORTED GLOBAL)
            set_target_properties(Snappy PROPERTIES IMPORTED_LOCATION "${SNAPPY_LIBRARY}"
                INTERFACE_INCLUDE_DIRECTORIES "${SNAPPY_INCLUDE}")
        endif()
        set(${out} Snappy PARENT_SCOPE)
        return()
    endif()
    if(NOT TARGET PkgConfig::${name})
        pkg_check_modules(${name} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${name})
    endif()
    set(${out} PkgConfig::${name} PARENT_SCOPE)
endfunction()
