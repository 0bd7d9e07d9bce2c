do -- fence variant=up generation=0 site=customer-09 (generated, do not edit)
end
